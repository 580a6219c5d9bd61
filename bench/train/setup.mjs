// Sets up the rivals of the training benchmarks under .cache/, which is safe to delete. Run again, it does only what is
// missing. What can't be had is skipped with one visible line, and the benchmark goes on without it.
//
//   node bench/train/setup.mjs [keras] [torch] [sklearn] [lightgbm] [optuna] [tfjs-node]      all of them without a name
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const venv = join(root, ".cache", "bench-venv");
const nodeFolder = join(root, ".cache", "tfjs-node");
const venvPython = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/** Packages per rival, so that one that can't be installed doesn't take the others with it. */
const pythonPeers = {
  keras: ["tensorflow-cpu==2.21.*", "keras==3.15.1", "numpy", "threadpoolctl"],
  // With PyTorch's CPU index in PIP_EXTRA_INDEX_URL, pip prefers its far smaller +cpu build of the same version.
  torch: ["torch==2.15.*", "numpy"],
  sklearn: ["scikit-learn", "numpy", "threadpoolctl"],
  lightgbm: ["lightgbm==4.*", "numpy"],
  optuna: ["optuna==5.*"],
};

/** libtensorflow of the last version whose C API tfjs-node 4.22 was made for; it comes inside the Python wheel. */
const libtensorflow = "tensorflow-cpu==2.15.1";

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
  if (done.error !== undefined) throw new Error(`${command}: ${done.error.message}`);
  if (done.status !== 0) {
    const lines = `${done.stderr}\n${done.stdout}`.trim().split("\n");
    throw new Error(`${command} ${args[0] ?? ""} failed: ${lines.find((line) => /error/i.test(line)) ?? lines.at(-1)}`);
  }
  return done.stdout;
}

/** Does `work` once for each content of `key`; true when it is done, now or before. */
function once(stamp, key, name, work) {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === key) return true;
  try {
    console.error(`setting up ${name} ...`);
    work();
    writeFileSync(stamp, key);
    return true;
  } catch (error) {
    console.error(`skipped: ${name}: ${error.message}`);
    return false;
  }
}

function setUpPython(wanted) {
  const python = process.env.PYTHON ?? "python3";
  mkdirSync(dirname(venv), { recursive: true });
  const made = once(join(venv, "venv.stamp"), "venv", "Python venv", () => run(python, ["-m", "venv", venv]));
  const ready = {};
  for (const [name, packages] of wanted) {
    const key = packages.join(" ");
    ready[name] =
      made &&
      once(join(venv, `${name}.stamp`), key, `${name} (pip: ${key})`, () => {
        run(venvPython, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
        run(venvPython, ["-c", `import ${name === "keras" ? "tensorflow, keras" : name}`]);
      });
  }
  return ready;
}

/**
 * Native tfjs-node without its install script (which downloads from outside npm): the npm package, the TensorFlow
 * libraries of the Python wheel, the Node-API headers from npm, and one call of the C++ compiler.
 */
function setUpTfjsNode() {
  return once(
    join(nodeFolder, "tfjs-node.stamp"),
    `4.22.0 ${libtensorflow} ${process.arch}`,
    "native tfjs-node",
    () => {
      if (process.platform !== "linux") throw new Error(`built here on Linux only, this is ${process.platform}`);
      mkdirSync(nodeFolder, { recursive: true });
      writeFileSync(join(nodeFolder, "package.json"), JSON.stringify({ private: true }));
      run(
        "npm",
        ["install", "--ignore-scripts", "--no-audit", "--no-fund", "@tensorflow/tfjs-node@4.22.0", "node-api-headers"],
        {
          cwd: nodeFolder,
        },
      );
      const tfjs = join(nodeFolder, "node_modules/@tensorflow/tfjs-node");
      const work = mkdtempSync(join(tmpdir(), "churnkit-tfjs-node-"));
      try {
        const python = existsSync(venvPython) ? venvPython : (process.env.PYTHON ?? "python3");
        run(python, [
          "-m",
          "pip",
          "download",
          "--quiet",
          "--disable-pip-version-check",
          "--no-deps",
          "--only-binary=:all:",
          "--python-version",
          "310",
          "--dest",
          work,
          libtensorflow,
        ]);
        const wheel = readdirSync(work).find((name) => name.endsWith(".whl"));
        if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${libtensorflow}`);
        const unpack = [
          "import sys, zipfile",
          "wheel = zipfile.ZipFile(sys.argv[1])",
          "keep = ('tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/', 'tensorflow/include/tsl/')",
          "wheel.extractall(sys.argv[2], [n for n in wheel.namelist() if n.startswith(keep)])",
        ].join("\n");
        const deps = join(tfjs, "deps");
        rmSync(deps, { recursive: true, force: true });
        run(python, ["-c", unpack, join(work, wheel), deps]);
        const lib = join(deps, "tensorflow");
        for (const part of ["cc", "framework"]) {
          symlinkSync(
            `libtensorflow_${part}.so.2`,
            join(lib, part === "cc" ? "libtensorflow.so" : "libtensorflow_framework.so"),
          );
        }
        const out = join(tfjs, "lib/napi-v8");
        mkdirSync(out, { recursive: true });
        run("g++", [
          "-O2",
          "-std=c++17",
          "-shared",
          "-fPIC",
          "-DNAPI_VERSION=8",
          "-DNODE_GYP_MODULE_NAME=tfjs_binding",
          `-I${join(nodeFolder, "node_modules/node-api-headers/include")}`,
          `-I${join(lib, "include")}`,
          `-I${tfjs}`,
          join(tfjs, "binding/tfjs_backend.cc"),
          join(tfjs, "binding/tfjs_binding.cc"),
          `-L${lib}`,
          "-Wl,-rpath,$ORIGIN/../../deps/tensorflow",
          "-ltensorflow",
          "-ltensorflow_framework",
          "-o",
          join(out, "tfjs_binding.node"),
        ]);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
      // tfjs-node 4.22 still calls helpers that Node has since removed from `util`.
      const probe =
        "const u=require('util');u.isNullOrUndefined??=(x)=>x==null;u.isArray??=Array.isArray;" +
        "const tf=require('@tensorflow/tfjs-node');if(tf.getBackend()!=='tensorflow')throw new Error('backend '+tf.getBackend())";
      run(process.execPath, ["-e", probe], { cwd: nodeFolder, env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" } });
    },
  );
}

/** Sets up the named rivals. Says where each can be run from; one that isn't there is absent. */
export function setUp(names = [...Object.keys(pythonPeers), "tfjs-node"]) {
  const tfjsNode = names.includes("tfjs-node") && setUpTfjsNode() ? nodeFolder : undefined;
  const wanted = Object.entries(pythonPeers).filter(([name]) => names.includes(name));
  const ready = wanted.length === 0 ? {} : setUpPython(wanted);
  return { python: venvPython, peers: Object.keys(ready).filter((name) => ready[name]), tfjsNode };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2);
  const { peers, tfjsNode } = names.length === 0 ? setUp() : setUp(names);
  console.log(`ready: ${[...peers, ...(tfjsNode === undefined ? [] : ["tfjs-node"])].join(", ")}`);
}
