import { availableParallelism } from "node:os";
import { Option, type Command } from "commander";
import { counted } from "../../base/counted.js";
import { ChurnkitError } from "../../base/errors.js";
import { canonicalJson } from "../../base/json/index.js";
import { NewLevels } from "../../data/quality/index.js";
import type { TablePart } from "../../data/read/index.js";
import type { Counts } from "../../io/resumable-file.js";
import { scoreFile, scoreFormats, type OutputPart, type ScoreFormat } from "../../model/batch/index.js";
import { loadBundle } from "../../model/bundle/index.js";
import { example } from "../help.js";
import { countOption, delimiterOf, delimiterOption, noteForm, noteRejected } from "../input.js";
import { decisionFor, decisionOptions, type DecisionOptions } from "../decision-options.js";
import { exit, note, print } from "../output.js";
import { openRows } from "../rows-source.js";
import { writeParts } from "../scores-output.js";

interface Options extends DecisionOptions {
  out?: string;
  format?: ScoreFormat;
  strict?: boolean;
  delimiter?: string;
  json?: boolean;
  workers?: number;
  resume?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("predict <bundle> <file>")
    .description("score a file: one line per input row, in order")
    .option("--out <file>", "where to write the scores, also as s3://bucket/key; default: standard output")
    .addOption(
      new Option("--format <format>", "how to write the scores; default: by the name of --out, else csv").choices(
        scoreFormats,
      ),
    )
    .addOption(delimiterOption());
  decisionOptions(command, "the model's own")
    .option("--workers <number>", "threads that score; default: one for each core", countOption)
    .option("--resume", "continue a run with the same arguments that was cut off; without one, begin")
    .option("--strict", "exit code 1 if a row was set aside")
    .option("--json", "print a summary as one line of JSON; needs --out")
    .addHelpText("after", example("churnkit predict model customers.csv --out scores.csv"))
    .action(run);
}

async function run(path: string, file: string, options: Options): Promise<void> {
  const { out, resume = false, workers = availableParallelism() } = options;
  if (options.json && out === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Standard output cannot hold both the scores and the summary. Use --out FILE with --json.",
    );
  const format = options.format ?? formatOf(out);
  if (resume && format === "parquet")
    throw new ChurnkitError(
      "OPTION_INVALID",
      "A Parquet file cannot be continued, because its end lists all of its row groups. Use --resume with CSV or JSON lines.",
    );
  const { scorer, artifact, manifest } = await loadBundle(path);
  const { threshold } = decisionFor(scorer.decision, options);
  const { from, identity } = await openRows(file);
  const watched = new Watched();
  let positives = 0;
  async function* scored(done: Counts | undefined): AsyncGenerator<OutputPart> {
    const onPart = (part: TablePart): void => watched.see(part);
    const { delimiter } = delimiterOf(options);
    positives = done?.["positives"] ?? 0;
    for await (const part of scoreFile({ artifact, scorer }, from, {
      format,
      threshold,
      delimiter,
      workers,
      onPart,
      done,
    })) {
      positives = part.counts["positives"] ?? positives;
      yield part;
    }
  }
  const optionsText = canonicalJson({ format, threshold, delimiter: options.delimiter ?? "" });
  const origins = { model: manifest.contentHash, input: identity, options: optionsText };
  await writeParts(out, scored, { resume, origins });
  const { rows, rejected } = watched;
  noteRejected(file, watched);
  for (const { message } of watched.newLevels.findings(scorer.contract.columns)) note(`note: ${message}`);
  if (out !== undefined) note(`scored ${counted(rows, "row")}, set aside ${rejected}, wrote ${out}`);
  if (options.json) print(true, { rows, rejected, positives, threshold, out }, "");
  if (options.strict && rejected > 0) process.exitCode = exit.checkFailed;
}

function formatOf(out = ""): ScoreFormat {
  if (/\.(jsonl|ndjson)$/i.test(out)) return "jsonl";
  return /\.parquet$/i.test(out) ? "parquet" : "csv";
}

/** Facts about the rows for the final notes, collected while they pass. */
class Watched {
  rows = 0;
  rejected = 0;
  first: { readonly row: number; readonly why: string } | undefined;
  readonly newLevels = new NewLevels();

  see({ table }: TablePart): void {
    if (this.rows + this.rejected === 0) noteForm(table);
    this.rows += table.rows;
    this.rejected += table.rejected.length;
    const [bad] = table.rejected;
    if (bad !== undefined) this.first ??= { row: bad.row, why: bad.issues[0]?.message ?? "" };
    this.newLevels.add(table);
  }
}
