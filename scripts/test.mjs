// `npm test`: builds, then checks types, formatting, lint, unused code and the reference while every test runs; ends with one
// line `N passed, N failed`. `npm run test:deep` gives the factor by which repeated tests go on longer, and measures coverage,
// which takes a third more time.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [budget = "1"] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "churnkit-test-"));
const results = join(scratch, "results.json");
/** Types and syntax trees outlive many small collections of garbage: with more room for the young there are fewer. */
const checking = { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --max-semi-space-size=64` };
let passed = 0;
let failed = 0;

/** Ends with the exit code and, where it is piped, the output. */
function run(command, args, options) {
  return new Promise((done) => {
    const child = spawn("npx", ["--no-install", command, ...args], options);
    let output = "";
    child.stdout?.on("data", (data) => (output += data));
    child.stderr?.on("data", (data) => (output += data));
    child.on("error", (error) => done({ status: 1, output: String(error) }));
    child.on("close", (status) => done({ status, output }));
  });
}

/** Runs a check of its own beside the tests; each counts as one, and says what it found when it ends. */
async function check(name, command, args) {
  const started = performance.now();
  const { status, output } = await run(command, args, { stdio: ["ignore", "pipe", "pipe"], env: checking });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${output}${status === 0 ? "ok" : "FAILED"}: ${name} (${seconds} s)`);
  if (status === 0) passed++;
  else failed++;
}

const build = () =>
  new Promise((done) => spawn("npm", ["run", "build"], { stdio: "inherit" }).on("error", done).on("close", done));

async function checks() {
  mkdirSync(".cache", { recursive: true });
  await check("types", "tsc", ["-p", "tsconfig.json", "--incremental", "--tsBuildInfoFile", ".cache/tsc.tsbuildinfo"]);
  await check("lint", "oxlint", []);
  await check("unused code", "knip", []);
  // The types are checked above.
  const reference = ["--out", join(scratch, "api"), "--logLevel", "Warn", "--skipErrorChecking"];
  await check("reference builds without a warning", "typedoc", reference);
}

async function tests() {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const { status } = await run("vitest", ["run", ...(budget === "1" ? [] : ["--coverage"]), ...reporters], {
    stdio: "inherit",
    env: { ...process.env, CHURNKIT_TEST_BUDGET: budget },
  });
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
  return status;
}

// Formatting needs no build.
const formatting = check("formatting", "oxfmt", ["--list-different"]);
const built = await build();
if (built === 0) {
  const [status] = await Promise.all([tests(), formatting.then(checks)]);
  if (status !== 0 && failed === 0) failed++;
} else {
  await formatting;
  failed++;
}
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
