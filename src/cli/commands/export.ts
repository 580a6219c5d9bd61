import { Option, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { toJavaScript, toOnnx, toSql, type SqlOptions } from "../../export/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import type { Artifact } from "../../model/artifact.js";
import { loadBundle } from "../../model/bundle/index.js";
import { example } from "../help.js";
import { columnsOption } from "../input.js";
import { print } from "../output.js";

interface Options extends SqlOptions {
  js?: string;
  int8?: boolean;
  sql?: string;
  onnx?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("export <bundle>")
    .description("write a model in a form that scores without churnkit")
    .option("--js <file>", "a JavaScript module without imports")
    .option("--int8", "with --js and --onnx: round the weights of networks to 8 bits")
    .option("--onnx <file>", "an ONNX model, from the columns to the probability")
    .option("--sql <file>", "a SELECT for DuckDB, Athena and Trino; linear models and trees")
    .option("--table <name>", "with --sql: the table to score; default: customers")
    .option("--keys <columns>", "with --sql: columns to pass on, separated by commas; default: the ids", columnsOption)
    .addOption(
      new Option(
        "--dialect <database>",
        "with --sql: athena, which takes 256 KB at most, or duckdb; default: athena",
      ).choices(["athena", "duckdb"]),
    )
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit export model --js scorer.mjs"))
    .action(run);
}

/** Each form with its option, and what writes it. */
const forms: readonly {
  readonly form: "js" | "onnx" | "sql";
  readonly write: (artifact: Artifact, options: Options) => string | Uint8Array;
}[] = [
  { form: "js", write: (artifact, { int8 }) => toJavaScript(artifact, { int8: int8 ?? false }) },
  { form: "onnx", write: (artifact, { int8 }) => toOnnx(artifact, { int8: int8 ?? false }) },
  { form: "sql", write: (artifact, { table, keys, dialect }) => toSql(artifact, { table, keys, dialect }) },
];

async function run(bundle: string, options: Options): Promise<void> {
  const wanted = forms.flatMap(({ form, write }) => {
    const file = options[form];
    return file === undefined ? [] : [{ form, file, write }];
  });
  if (wanted.length === 0)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Name a file to write: --js scorer.mjs, --onnx model.onnx or --sql score.sql.",
    );
  const { artifact } = await loadBundle(bundle);
  // All are made before one is written.
  const made = wanted.map(({ form, file, write }) => ({ form, file, content: write(artifact, options) }));
  for (const { file, content } of made) await writeFileAtomic(file, content);
  const exported = made.map(({ form, file, content }) => ({ form, file, bytes: Buffer.byteLength(content) }));
  const lines = exported.map(({ file, bytes }) => `wrote ${file} (${Math.ceil(bytes / 1000)} KB)`);
  print(options.json, { exported }, lines.join("\n"));
}
