import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { budget } from "./budget.js";
import { pythonVenv } from "./venv.js";

const venv = pythonVenv("oracles-venv", "1", ["pandas==3.0.3", "numpy==2.4.6", "shap==0.51.0"]);

const renews = process.env["CHURNKIT_PYTHON_TESTS"] === "1";
/** Installing the packages and asking them takes longer than all that is compared with them. */
const asks = renews || budget(1) > 1;

interface Answered {
  /** SHA-256 of what was asked. */
  readonly asked: string;
  readonly answer: unknown;
}

/** The SHA-256 of a text or of bytes. */
export const digest = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/**
 * What a Python program answers, as JSON: read from the golden file under `name`. `npm run test:deep` asks Python itself, and
 * `CHURNKIT_PYTHON_TESTS=1` also writes down the answer.
 *
 * @param question Text to the program's stdin. Another question than the golden file's is an error.
 */
export async function pythonAnswer<T>(golden: string, name: string, program: string, question: string): Promise<T> {
  const known = existsSync(golden) ? (JSON.parse(readFileSync(golden, "utf8")) as Record<string, Answered>) : {};
  const asked = digest(program + question);
  if (!asks) {
    const found = known[name];
    if (found?.asked === asked) return found.answer as T;
    throw new Error(
      `${golden} does not answer this question of ${name}: set CHURNKIT_PYTHON_TESTS=1 once to ask Python`,
    );
  }
  await venv.setUp();
  const { status, stdout, stderr } = spawnSync(venv.python, ["-c", program], {
    input: question,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(stderr.slice(-2000));
  const answer = JSON.parse(stdout) as T;
  if (renews) writeFileSync(golden, `${JSON.stringify({ ...known, [name]: { asked, answer } }, null, 2)}\n`);
  return answer;
}
