import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("autogluon_fit.py", import.meta.url));

/** AutoGluon's best quality within `seconds` of wall time, on the same rows. */
export function autogluon(python, set, testRows, seconds) {
  const scratch = mkdtempSync(join(tmpdir(), "churnkit-quality-"));
  try {
    const plan = join(scratch, "plan.json");
    const { target, positive, drop, categorical } = set;
    const file = resolve(set.folder, set.file);
    writeFileSync(plan, JSON.stringify({ file, target, positive, drop, categorical, testRows, seconds }));
    const printed = execFileSync(resolve(python), [script, plan], {
      encoding: "utf8",
      cwd: scratch,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { ...JSON.parse(printed.trim().split("\n").at(-1)), kind: "a stack" };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
