// Sets up the rivals of the drift benchmarks under .cache/drift-venv/, which is safe to delete: a Python environment for each,
// since they ask for different versions of numpy. Run again, it does only what is missing. What can't be had is skipped
// with one visible line.
//
//   node bench/drift-peers/setup.mjs [scipy] [evidently] [nannyml] [alibi] [whylogs]      all of them without a name
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = join(root, ".cache", "drift-venv");

const packages = {
  scipy: ["scipy", "numpy", "pandas<3"],
  evidently: ["evidently==0.7.23", "pandas<3", "scipy"],
  nannyml: ["nannyml==0.13.1", "pandas<3", "statsmodels"],
  alibi: ["alibi-detect"],
  whylogs: ["whylogs", "numpy<2", "pandas<3"],
};
const modules = {
  scipy: "scipy",
  evidently: "evidently",
  nannyml: "nannyml",
  alibi: "alibi_detect",
  whylogs: "whylogs",
};

function run(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.error !== undefined) throw new Error(`${command}: ${done.error.message}`);
  if (done.status === 0) return;
  const lines = `${done.stderr}\n${done.stdout}`.trim().split("\n");
  throw new Error(lines.find((line) => /error/i.test(line)) ?? lines.at(-1));
}

/** The Python of a rival's environment, or undefined where it can't be had. */
function setUpOne(name) {
  const venv = join(folder, name);
  const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = join(venv, "ready.stamp");
  const key = packages[name].join(" ");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === key) return python;
  try {
    console.error(`setting up ${name} (pip: ${key}) ...`);
    mkdirSync(folder, { recursive: true });
    if (!existsSync(python)) run(process.env.PYTHON ?? "python3", ["-m", "venv", venv]);
    run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages[name]]);
    run(python, ["-c", `import ${modules[name]}`]);
    writeFileSync(stamp, key);
    return python;
  } catch (error) {
    console.error(`skipped: ${name}: ${error.message}`);
    return undefined;
  }
}

/** Sets up the named rivals: the Python of each that is there. */
export function setUp(names = Object.keys(packages)) {
  return Object.fromEntries(names.map((name) => [name, setUpOne(name)]).filter(([, python]) => python !== undefined));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2);
  console.log(`ready: ${Object.keys(names.length === 0 ? setUp() : setUp(names)).join(", ")}`);
}
