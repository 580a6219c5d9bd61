import { spawnSync } from "node:child_process";
import { budget } from "./budget.js";
import { goldenAnswer } from "./golden.js";
import { pythonVenv } from "./venv.js";

const venv = pythonVenv("oracles-venv", "1", ["pandas==3.0.3", "numpy==2.4.6", "shap==0.51.0"]);

/** Installing the packages and asking them takes longer than all that is compared with them. */
const asks = budget(1) > 1;

/**
 * What a Python program answers, as JSON: read from the golden file under `name`. `npm run test:deep` asks Python itself, and
 * `CHURNKIT_PYTHON_TESTS=1` also writes down the answer.
 *
 * @param question Text to the program's stdin. Another question than the golden file's is an error.
 */
export async function pythonAnswer<T>(golden: string, name: string, program: string, question: string): Promise<T> {
  async function ask(): Promise<unknown> {
    await venv.setUp();
    const { status, stdout, stderr } = spawnSync(venv.python, ["-c", program], {
      input: question,
      encoding: "utf8",
      maxBuffer: 1 << 30,
    });
    if (status !== 0) throw new Error(stderr.slice(-2000));
    return JSON.parse(stdout);
  }
  return goldenAnswer(golden, name, program + question, { asks, renewedBy: "CHURNKIT_PYTHON_TESTS", ask });
}
