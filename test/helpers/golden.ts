import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

interface Answered {
  /** SHA-256 of what was asked. */
  readonly asked: string;
  readonly answer: unknown;
}

/** The SHA-256 of a text or of bytes. */
export const digest = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** How {@link goldenAnswer} comes to an answer. */
export interface Oracle {
  /** Whether it is asked; else the golden file answers. */
  readonly asks: boolean;
  /** The environment variable that, set to 1, also writes down the answer. */
  readonly renewedBy: string;
  readonly ask: () => unknown;
}

/**
 * What another program answers, read from the golden file under `name`.
 *
 * @param question The program and what it is asked: another one than the golden file's is an error.
 */
export async function goldenAnswer<T>(file: string, name: string, question: string, oracle: Oracle): Promise<T> {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, Answered>) : {};
  const asked = digest(question);
  const renews = process.env[oracle.renewedBy] === "1";
  if (!renews && !oracle.asks) {
    const found = known[name];
    if (found?.asked === asked) return found.answer as T;
    throw new Error(`${file} does not answer this question of ${name}: set ${oracle.renewedBy}=1 once to ask again`);
  }
  const answer = (await oracle.ask()) as T;
  if (renews) writeFileSync(file, `${JSON.stringify({ ...known, [name]: { asked, answer } }, null, 2)}\n`);
  return answer;
}
