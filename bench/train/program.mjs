// A program under measurement: a child process that trains one epoch when asked.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Starts a program and waits until it has warmed up. */
export async function startProgram(command, args, env = {}) {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env },
  });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors = (errors + chunk).slice(-4000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.once("error", (error) => (errors += error.message));
  child.stdin.on("error", () => {});
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) {
        await ended;
        const lastLines = errors.trim().split("\n");
        throw new Error(lastLines.findLast((text) => text.includes("Error")) ?? lastLines.at(-1));
      }
      // Libraries may greet on stdout; only our own lines are JSON.
      if (value.startsWith("{")) return JSON.parse(value);
    }
  };
  const { ready } = await next();
  return {
    version: ready,
    epoch() {
      child.stdin.write("epoch\n");
      return next();
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
