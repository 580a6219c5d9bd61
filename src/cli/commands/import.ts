import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import { counted } from "../../base/counted.js";
import { ChurnkitError } from "../../base/errors.js";
import { checkBundleTarget, saveBundle } from "../../model/bundle/index.js";
import { importTrees } from "../../model/index.js";
import { decisionOptions, thresholdRule, type DecisionOptions } from "../decision-options.js";
import { example } from "../help.js";
import { contractOptions, ignoreOption, readInput, type ContractArguments } from "../input.js";
import { metricFields } from "../metric-fields.js";
import { print, shown } from "../output.js";

interface Options extends ContractArguments, DecisionOptions {
  out: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = contractOptions(
    program
      .command("import <model> <file>")
      .description("make a bundle of a model of XGBoost (JSON) or LightGBM (text), judged on labeled rows"),
  )
    .addOption(ignoreOption())
    .requiredOption("--out <dir>", "where to write the bundle: a folder, or a file that ends in .tar.gz");
  decisionOptions(command, "the one with the best F1 on these rows")
    .option("--json", "print one line of JSON")
    .addHelpText(
      "after",
      example("churnkit import model.json customers.csv --contract churn.contract.json --out model"),
    )
    .action(run);
}

async function run(model: string, file: string, options: Options): Promise<void> {
  await checkBundleTarget(options.out);
  const bytes = await readFile(model).catch((cause: unknown) => {
    throw new ChurnkitError("INPUT_NOT_FOUND", `The model ${model} cannot be read. Check the path.`, {
      where: { file: model },
      cause,
    });
  });
  const rows = await readInput(file, options, { target: "required", ragged: "reject-row" });
  const threshold = thresholdRule(options);
  const name = basename(model);
  const { artifact, heldOut } = await importTrees(bytes, rows, {
    name,
    ...(threshold && { threshold }),
  });
  await saveBundle(artifact, options.out);
  const { learner } = artifact.provenance;
  const trees = Number(artifact.provenance.parameters["trees"]);
  const { auc, logLoss, f1 } = heldOut.values;
  print(
    options.json,
    {
      maker: learner,
      trees,
      rows: rows.rows,
      rejected: rows.rejected.length,
      test: metricFields(heldOut),
      bundle: options.out,
    },
    `${learner}, ${counted(trees, "tree")}, on ${counted(rows.rows, "row")}: AUC ${shown(auc.value)}, log loss ${shown(logLoss.value)}, F1 ${shown(f1.value)}\nwrote ${options.out}`,
  );
}
