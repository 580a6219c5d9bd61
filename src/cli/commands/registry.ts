import { Option, type Command } from "commander";
import { versionStages, versionStatuses } from "../../registry/versions/index.js";
import { durationOption } from "../budget.js";
import { example } from "../help.js";
import { defaultModel, registryPlaces } from "../places.js";
import { gateNames, gateOption, tagOption, wholeNumber } from "../registry-options.js";
import * as change from "./registry-change.js";
import * as read from "./registry-read.js";

export function register(program: Command): void {
  const registry = program
    .command("registry")
    .description("keep versions of models: register, approve, promote, roll back")
    .addHelpText(
      "after",
      example("churnkit registry register model --store registry\n  churnkit registry promote latest --store registry"),
    );
  const verb = (usage: string, description: string, shown: string): Command =>
    registry
      .command(usage)
      .description(description)
      .option("--store <place>", registryPlaces, "registry")
      .option("--model <name>", `the model's name; ${defaultModel}`)
      .option("--json", "print one line of JSON")
      .addHelpText("after", example(`churnkit registry ${shown}`));
  const changing = (usage: string, description: string, shown: string): Command =>
    verb(usage, description, shown)
      .option("--by <name>", "who makes the change; default: your login name")
      .option("--reason <text>", "why");

  verb("list", "list versions, newest first", "list --status approved")
    .option("--limit <number>", "maximum number of versions", wholeNumber, 100)
    .addOption(new Option("--status <status>", "only versions of this status").choices(versionStatuses))
    .addOption(new Option("--stage <stage>", "only versions in this stage").choices(versionStages))
    .option("--data <hash>", "only versions trained on the data with this hash; its beginning is enough")
    .action(read.list);
  verb("show <version>", "show everything known about a version", "show champion").action(read.show);
  verb(
    "compare <a> <b>",
    "compare metrics, signature, contract, features and training data of two versions",
    "compare champion latest",
  ).action(read.compare);
  changing("register <bundle>", "register a bundle as a version", "register model --gate basic")
    .option(
      "--gate <gate>",
      `reject the version if the bundle's held-out metrics fail this gate: ${gateNames("absolute")}, or a JSON file; may be repeated`,
      gateOption("absolute"),
    )
    .option("--tag <name=value>", "a tag; may be repeated", tagOption)
    .option("--description <text>", "a description of this version")
    .option("--run <id>", "the training run it comes from")
    .action(change.registerBundle);
  for (const [name, description, reason] of [
    ["approve", "approve a version", "checked by hand"],
    ["reject", "reject a version, so that it cannot be promoted", "trained on test customers"],
    ["quarantine", "take a version out of service permanently", "scores everybody alike"],
  ] as const) {
    changing(`${name} <version>`, description, `${name} 3 --reason "${reason}"`).action(
      (version: string, options: change.Change) => change.decide(name, version, options),
    );
  }
  changing(
    "stage <version> <stage>",
    `move a version to a stage: ${versionStages.join(", ")}`,
    "stage 3 Staging",
  ).action(change.stage);
  changing(
    "promote <version>",
    "point an alias to a version; exit code 1 if refused",
    "promote latest --gate champion --rows labeled.csv",
  )
    .option("--alias <name>", "the alias", "champion")
    .option(
      "--gate <gate>",
      `a gate to pass on --rows, against the current version of the alias: ${gateNames("all")}, or a JSON file; may be repeated`,
      gateOption("all"),
    )
    .option("--rows <file>", "labeled rows that neither model was trained on")
    .option("--approved-only", "refuse a version that is not approved")
    .option(
      "--allow-leak <reason>",
      "promote even though a single column gives the target away; the history records the reason",
    )
    .option(
      "--allow-seen-rows <reason>",
      "promote even though the model was trained on --rows; the history records the reason",
    )
    .action(change.promote);
  changing("rollback", "point an alias back to its previous version", 'rollback --reason "too many false alarms"')
    .option("--alias <name>", "the alias", "champion")
    .option("--no-quarantine", "do not quarantine the version that the alias leaves")
    .action(change.rollback);
  changing(
    "remove <version>",
    "remove a version and its bundle; the history keeps its record",
    'remove 3 --reason "trained on wrong labels"',
  )
    .option("--yes", "also remove the version that an alias would be rolled back to, without asking")
    .action(change.remove);
  changing("retain", "list the versions that a retention policy removes; with --apply, remove them", "retain --keep 10")
    .option("--keep <number>", "how many of the newest versions to keep", wholeNumber, 5)
    .option("--apply", "remove them")
    .action(change.retain);
  verb("clean", "list bundle folders that killed processes left; with --apply, remove them", "clean --apply")
    .option(
      "--older-than <time>",
      "only folders without a newer file, such as 90m, 12h or 2d; default: a day",
      durationOption,
    )
    .option("--apply", "remove them")
    .action(change.clean);
  verb("history", "list every change, newest first", "history --json").action(read.history);
  verb("verify", "check the history, the current state and every bundle; exit code 1 if something is wrong", "verify")
    .option("--no-bundles", "do not check the bundles")
    .option("--known-head <sha256>", "a head noted earlier, which the history must still contain")
    .action(read.verify);
  verb("lineage", "draw the lineage of the versions as a Mermaid chart", "lineage").action(read.lineage);
  verb("signature <version>", "print a version's input and output types as TypeScript", "signature champion").action(
    read.signature,
  );
  verb(
    "migrate",
    "copy everything to another registry, to move or back it up; repeat to update a backup",
    "migrate --to s3://models/churn",
  )
    .requiredOption("--to <place>", registryPlaces)
    .option("--to-model <name>", "the model's name there; default: the same")
    .action(change.migrate);
}
