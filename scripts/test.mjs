// `npm test`: lint, types, package checks, then every test with coverage; ends with one line `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scratch = mkdtempSync(join(tmpdir(), "churnkit-test-"));
const results = join(scratch, "results.json");
let passed = 0;
let failed = 0;

/** Runs a check of its own beside the tests; each counts as one. */
function check(name, command, args) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok" : "FAILED"}: ${name} (${seconds} s)`);
  if (status === 0) passed++;
  else failed++;
}

check("types", "npx", ["tsc", "-p", "tsconfig.json"]);
check("formatting", "npx", ["prettier", "--check", "--log-level", "warn", "."]);
check("lint", "npx", ["eslint", "."]);
// Not a dependency: some of its platform packages cannot be locked from every machine, and `npm ci` would then refuse.
check("unused code", "npx", ["-y", "knip@6.44.2"]);
check("reference builds without a warning", "npx", ["typedoc", "--out", join(scratch, "api"), "--logLevel", "Warn"]);

const tests = spawnSync(
  "npx",
  ["vitest", "run", "--coverage", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`],
  { stdio: "inherit" },
);
try {
  const summary = JSON.parse(readFileSync(results, "utf8"));
  passed += summary.numPassedTests;
  // A file that cannot be loaded counts no test of its own.
  failed +=
    summary.numFailedTests +
    summary.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
} catch {
  failed++;
}
if (tests.status !== 0 && failed === 0) failed++;
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
