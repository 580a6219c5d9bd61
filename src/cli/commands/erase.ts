import { open, readFile } from "node:fs/promises";
import type { Command } from "commander";
import { counted } from "../../base/counted.js";
import { ChurnkitError } from "../../base/errors.js";
import { textHash } from "../../base/hash.js";
import type { Contract } from "../../data/contract/index.js";
import { ioFailed } from "../../io/io-error.js";
import { loadBundle } from "../../model/bundle/index.js";
import { eraseCustomers, type ErasureReport } from "../../monitor/index.js";
import { example } from "../help.js";
import { readContract } from "../input.js";
import { exit, print } from "../output.js";
import { login, openPrefix } from "../places.js";

interface Options {
  customer?: readonly string[];
  ids?: string;
  model?: string;
  contract?: string;
  dryRun?: boolean;
  log?: string;
  by?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("erase <place...>")
    .description(
      "erase customers by id from captures, labels, exposures and monitors' states; exit code 1 if something is left",
    )
    .option("--customer <id>", "id of a customer or a prediction; repeatable", several)
    .option("--ids <file>", "a file of ids, one a line")
    .option("--model <bundle>", "the model, whose contract names the columns of ids")
    .option("--contract <file>", "a contract in its place")
    .option("--dry-run", "only find and count")
    .option("--log <file>", "append a line of JSON about the erasure here, with hashed ids")
    .option("--by <name>", "who erases, for the log; default: your login name")
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit erase captured --customer C-17 --model model --dry-run"))
    .action(run);
}

async function run(places: readonly string[], options: Options): Promise<void> {
  const { dryRun = false, json } = options;
  const ids = [...(options.customer ?? []), ...(options.ids === undefined ? [] : await idsIn(options.ids))];
  const isBucket = (place: string): boolean => place.startsWith("s3://");
  const stores = await Promise.all(places.filter(isBucket).map(openPrefix));
  const contract = await contractOf(options);
  // Opened first: nothing is erased that cannot be logged.
  const log = options.log === undefined ? undefined : await openLog(options.log);
  try {
    const files = places.filter((place) => !isBucket(place));
    const report = await eraseCustomers({ ids, files, stores, contract, dryRun });
    await log?.append({ by: options.by ?? login() ?? "unknown", customers: ids.map(textHash), ...report });
    print(json, { ...report, untouched }, shownText(report));
    process.exitCode = report.left.length === 0 ? exit.done : exit.checkFailed;
  } finally {
    await log?.close();
  }
}

/** What no command can find by a customer's id, for whoever has to answer for it. */
const untouched = [
  "Counts, histograms and quantile sketches of monitors, metrics and reports: they hold no id and no record.",
  "Models, which have learned from the customer's record, and the files that they were trained on, unless you name them: remove the customer there and train again.",
  "Answer caches: they hold a hash of model and record beside a score, and drop it after an hour or as long as `cache.seconds` says.",
  "What servers hold in memory, such as a monitor's samples: stop a server with --monitor-state, erase, and start it again.",
  "Backups, and older versions of objects in a bucket that keeps them.",
] as const;

function shownText({ dryRun, objects, found, left }: ErasureReport): string {
  const lines = found.map(({ object, counts, others }) => {
    const all = Object.entries(counts).map(([kind, count]) => `${count} ${kindNames[kind as keyof typeof counts]}`);
    const withThem = others === 0 ? "" : `, and ${counted(others, "record")} of others in the same requests`;
    return `${object}: ${all.join(", ")}${withThem}`;
  });
  return [
    `${found.length} of ${counted(objects, "object")} ${dryRun ? (objects === 1 ? "holds" : "hold") : "held"} something${found.length > 0 && !dryRun ? ", which is erased" : ""}`,
    ...lines,
    ...left.map(({ object, why }) => `LEFT ${object}: ${why}`),
    "Not touched:",
    ...untouched.map((what) => `- ${what}`),
  ].join("\n");
}

const kindNames = {
  predictions: "predictions",
  labels: "labels",
  exposures: "exposures",
  lines: "other lines",
  rows: "rows",
  state: "entries of a monitor's state",
  broken: "broken lines",
} as const;

/** A file of lines for an audit. A hash of a short id can be guessed, so the file needs the same care as the ids. */
async function openLog(path: string) {
  const failed = (cause: unknown): never => {
    throw ioFailed("append to", path, cause);
  };
  const file = await open(path, "a", 0o600).catch(failed);
  return {
    append: (line: object) =>
      file.appendFile(`${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`).catch(failed),
    close: () => file.close(),
  };
}

async function idsIn(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ChurnkitError("INPUT_NOT_FOUND", `The ids in ${file} cannot be read.`, { where: { file }, cause });
  });
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

async function contractOf({ model, contract }: Options): Promise<Contract | undefined> {
  if (contract !== undefined) return readContract(contract);
  return model === undefined ? undefined : (await loadBundle(model)).artifact.contract;
}

const several = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
