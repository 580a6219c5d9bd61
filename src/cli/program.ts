import { Command, CommanderError } from "commander";
import { version } from "../base/version.js";
import { example } from "./help.js";
import { exit, fail } from "./output.js";
import { usageError } from "./usage.js";

/** Each verb's module is loaded on demand, so that `--help` and `predict` stay fast. */
const verbs = {
  sample: () => import("./commands/sample.js"),
  init: () => import("./commands/init.js"),
  validate: () => import("./commands/validate.js"),
  train: () => import("./commands/train.js"),
  import: () => import("./commands/import.js"),
  export: () => import("./commands/export.js"),
  predict: () => import("./commands/predict.js"),
  compare: () => import("./commands/compare.js"),
  tune: () => import("./commands/tune.js"),
  evaluate: () => import("./commands/evaluate.js"),
  explain: () => import("./commands/explain.js"),
  campaign: () => import("./commands/campaign.js"),
  card: () => import("./commands/card.js"),
  drift: () => import("./commands/drift.js"),
  serve: () => import("./commands/serve.js"),
  keys: () => import("./commands/keys.js"),
  erase: () => import("./commands/erase.js"),
  monitor: () => import("./commands/monitor.js"),
  retraining: () => import("./commands/retraining.js"),
  registry: () => import("./commands/registry.js"),
  run: () => import("./commands/run.js"),
  runs: () => import("./commands/runs.js"),
  pipeline: () => import("./commands/pipeline.js"),
  rehearse: () => import("./commands/rehearse.js"),
} as const;

/** Runs a command line in this process. */
export async function run(args: readonly string[]): Promise<void> {
  const program = new Command("churnkit")
    .description("Train, validate, register, serve and monitor a churn model.")
    .version(version)
    .addHelpText(
      "after",
      example(
        "churnkit sample customers.csv\n  churnkit train customers.csv --target churn --positive Yes --id customerId --out model",
      ),
    )
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageError(text, program, args)) });
  const wanted = args.find((word): word is keyof typeof verbs => Object.hasOwn(verbs, word));
  for (const load of wanted ? [verbs[wanted]] : Object.values(verbs)) (await load()).register(program);
  await program.parseAsync(args, { from: "user" });
}

/** Tells a person what went wrong, and sets the exit code. */
export function endWith(error: unknown): void {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exit.done : exit.unusable;
  else process.exitCode = fail(error);
}
