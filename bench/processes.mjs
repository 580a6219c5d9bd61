import { spawn } from "node:child_process";

/**
 * Runs a script again for each job, with `--job <name>` added to its arguments, so many at a time: the JSON that each prints.
 * `ended` is told of each at once.
 */
export async function inProcesses(script, names, processes, ended = () => undefined) {
  const results = new Map();
  const waiting = [...names];
  const run = (name) => {
    const child = spawn(process.execPath, [script, ...process.argv.slice(2), "--job", name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
    return new Promise((done, failed) =>
      child.on("close", (code) =>
        code === 0 ? done(JSON.parse(text)) : failed(new Error(`${name} ended with ${code}`)),
      ),
    );
  };
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      results.set(name, await run(name));
      ended(name, results.get(name));
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return names.map((name) => results.get(name));
}
