import { existsSync, readFileSync } from "node:fs";

const columns = { auc: "ROC AUC", logLoss: "log loss", brier: "Brier", accuracy: "acc @.5", f1: "F1 @.5" };
const cells = (line) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The peers' means by data set, read from the Markdown tables that come with the data; a set is a second-level title. */
export function peerTables(path) {
  if (!existsSync(path)) return [];
  const peers = [];
  let set = "";
  let names = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line.startsWith("## ")) [set, names] = [line.slice(3).trim(), []];
    if (!line.startsWith("| ")) continue;
    if (line.startsWith("| ---")) continue;
    if (names.length === 0) {
      names = cells(line);
      continue;
    }
    const row = cells(line);
    const value = (name) => Number.parseFloat(row[names.indexOf(name)]);
    if (names[0] !== "model" || !names.includes(columns.auc)) continue;
    const figures = Object.fromEntries(Object.entries(columns).map(([measure, name]) => [measure, value(name)]));
    peers.push({ set, model: row[0], splits: value("splits"), ...figures });
  }
  return peers;
}
