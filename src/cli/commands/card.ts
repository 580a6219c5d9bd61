import { type Command, Option } from "commander";
import { readableText } from "../../base/json/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/index.js";
import type { CardNotes } from "../../report/card/index.js";
import { type EvaluatedRowsOptions, evaluatedRowsOptions, rowsToEvaluate } from "../evaluated-rows.js";
import { example } from "../help.js";
import { columnsOption, countOption } from "../input.js";
import { readJson } from "../json-file.js";
import { note } from "../output.js";

const formats = ["markdown", "html", "sagemaker", "json"] as const;
type Format = (typeof formats)[number];

interface Options extends EvaluatedRowsOptions {
  by?: readonly string[];
  leastRows?: number;
  notes?: string;
  format?: Format;
  out?: string;
}

export function register(program: Command): void {
  evaluatedRowsOptions(
    program
      .command("card <bundle> [file]")
      .description("write the model card of a bundle; a file of labeled rows adds metrics and groups"),
  )
    .option("--by <columns>", "columns whose groups are compared, separated by commas", columnsOption)
    .option("--least-rows <number>", "leave out groups with fewer rows; default: 30", countOption)
    .option("--notes <file>", "JSON of what only people know, such as owner and intended use")
    .addOption(
      new Option("--format <format>", "how to write the card; default: by the name of --out, else markdown").choices(
        formats,
      ),
    )
    .option("--out <file>", "where to write the card; default: standard output")
    .addHelpText("after", example("churnkit card model customers.csv --unseen --by gender,plan --out card.md"))
    .action(run);
}

async function run(bundle: string, file: string | undefined, options: Options): Promise<void> {
  const { by, leastRows, notes, out } = options;
  // The notes are checked by the card.
  const given = notes === undefined ? undefined : ((await readJson(notes, "The notes")) as CardNotes);
  const model = await loadBundle(bundle);
  const rows = file === undefined ? undefined : (await rowsToEvaluate(model.artifact, file, options)).table;
  const { modelCard, modelCardHtml, modelCardMarkdown, modelCardSageMaker } = await import("../../report/index.js");
  const card = modelCard(model, { rows, by, leastRows, notes: given });
  const write = {
    markdown: () => modelCardMarkdown(card),
    html: () => modelCardHtml(card),
    sagemaker: () => readableText(modelCardSageMaker(card)),
    json: () => readableText(card),
  };
  const text = await write[options.format ?? formatOf(out)]();
  if (out === undefined) process.stdout.write(text);
  else {
    await writeFileAtomic(out, text);
    note(`wrote ${out}`);
  }
}

const formatOf = (out = ""): Format => (/\.html?$/i.test(out) ? "html" : /\.json$/i.test(out) ? "json" : "markdown");
