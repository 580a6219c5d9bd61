// A process that runs documentation snippets one after the other, each in the folder it is told.
import { pathToFileURL } from "node:url";

// Node's own assert only prints.
console.assert = (condition, ...words) => {
  if (!condition) throw new Error(`console.assert failed ${words.join(" ")}`.trim());
};

let running;
const report = (error) => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.send?.({ name: running, error: text });
};
process.on("unhandledRejection", report);
process.on("uncaughtException", report);

process.on("message", ({ name, script, folder }) => {
  running = name;
  process.chdir(folder);
  import(pathToFileURL(script).href).then(() => process.send?.({ name }), report);
});
