// FastAPI with onnxruntime and with scikit-learn, where a Python has the packages:
//   python3 -m venv PATH && PATH/bin/pip install fastapi uvicorn scikit-learn pandas onnxruntime skl2onnx
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { columns, customers } from "./records.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const modules = "fastapi, uvicorn, sklearn, pandas, onnxruntime, skl2onnx";

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Commands of the rivals with their ports by name; none, and a visible line, where Python cannot run them. */
export async function pythonPeers(python, folder) {
  const skipped = (why) => {
    console.log(`skipped: FastAPI (${why}; bench/serving/peers.mjs says what to install)`);
    return {};
  };
  if (python === undefined) return skipped("no --python given");
  if (spawnSync(python, ["-c", `import ${modules}`]).status !== 0) return skipped(`${python} cannot import ${modules}`);
  const [records, kinds] = [join(folder, "customers.jsonl"), join(folder, "columns.json")];
  writeFileSync(
    records,
    customers(7000)
      .map((customer) => `${JSON.stringify(customer)}\n`)
      .join(""),
  );
  writeFileSync(kinds, JSON.stringify(columns));
  const made = spawnSync(python, [here("peers/prepare.py"), records, kinds, folder], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
  const peers = {};
  for (const [name, module] of [
    ["FastAPI + onnxruntime", "fastapi_onnx"],
    ["FastAPI + scikit-learn", "fastapi_sklearn"],
  ]) {
    const port = await freePort();
    const args = ["-m", "uvicorn", "--app-dir", here("peers"), `${module}:app`, "--port", String(port)];
    peers[name] = {
      command: [python, ...args, "--no-access-log", "--log-level", "warning"],
      env: { ...process.env, PEER_FOLDER: folder },
      port,
    };
  }
  return peers;
}
