import { Option, type Command } from "commander";
import { versionStages, versionStatuses } from "../../registry/version.js";
import { durationOption } from "../budget.js";
import { registryPlaces } from "../places.js";
import { gateNames, gateOption, tagOption, wholeNumber } from "../registry-options.js";
import * as change from "./registry-change.js";
import * as read from "./registry-read.js";

export function register(program: Command): void {
  const registry = program.command("registry").description("keep models by version: register, approve, promote, roll back");
  const verb = (usage: string, description: string): Command =>
    registry
      .command(usage)
      .description(description)
      .option("--store <place>", registryPlaces, "registry")
      .option("--model <name>", "the model's name", "churn")
      .option("--json", "print one line of JSON");
  const changing = (usage: string, description: string): Command =>
    verb(usage, description).option("--by <who>", "who makes the change; default your login name").option("--reason <text>", "why");

  verb("list", "versions, newest first")
    .option("--limit <number>", "most versions", wholeNumber, 100)
    .addOption(new Option("--status <status>", "only versions of this status").choices(versionStatuses))
    .addOption(new Option("--stage <stage>", "only versions in this stage").choices(versionStages))
    .option("--data <hash>", "only versions trained on this version of the data; the beginning of its hash will do")
    .action(read.list);
  verb("show <version>", "everything that is known of a version").action(read.show);
  verb("compare <a> <b>", "metrics, signature, contract, features and training data of two versions").action(read.compare);
  changing("register <bundle>", "register a bundle as a version")
    .option("--gate <gate>", `a gate on the bundle's held-out metrics: ${gateNames("absolute")}, or a JSON file`, gateOption("absolute"))
    .option("--tag <name=value>", "a tag; may be repeated", tagOption)
    .option("--description <text>", "what this version is")
    .option("--run <id>", "the training run it comes from")
    .action(change.registerBundle);
  for (const [name, description] of [
    ["approve", "approve a version"],
    ["reject", "reject a version, so that it is never promoted"],
    ["quarantine", "take a version out of service for good"],
  ] as const) {
    changing(`${name} <version>`, description).action((version: string, options: change.Change) => change.decide(name, version, options));
  }
  changing("stage <version> <stage>", `move a version to a stage: ${versionStages.join(", ")}`).action(change.stage);
  changing("promote <version>", "point an alias to a version; exit 1 when it is refused")
    .option("--alias <name>", "the alias", "champion")
    .option("--gate <gate>", `a gate to pass on --rows, against the present champion: ${gateNames("all")}, or a JSON file; may be repeated`, gateOption("all"))
    .option("--rows <file>", "labelled rows that no model was trained on")
    .option("--approved-only", "refuse a version that nobody approved")
    .option("--allow-leak <reason>", "promote although a column alone all but tells the target; why, for the history")
    .option("--allow-seen-rows <reason>", "promote although the model was trained on --rows; why, for the history")
    .action(change.promote);
  changing("rollback", "point an alias back to its former version")
    .option("--alias <name>", "the alias", "champion")
    .option("--no-quarantine", "keep the version that the alias leaves fit for service")
    .action(change.rollback);
  changing("remove <version>", "remove a version and its bundle; the history keeps what it was").action(change.remove);
  changing("retain", "what a retention policy would remove; with --apply, remove it")
    .option("--keep <number>", "how many of the newest versions stay", wholeNumber, 5)
    .option("--apply", "remove them")
    .action(change.retain);
  verb("clean", "bundle folders that killed processes left; with --apply, remove them")
    .option("--older-than <time>", "only folders without a newer file, such as 90m, 12h or 2d; default a day", durationOption)
    .option("--apply", "remove them")
    .action(change.clean);
  verb("history", "every change, newest first").action(read.history);
  verb("verify", "check the history's chain, that it leads to the present state, and every bundle; exit 1 when something is wrong")
    .option("--no-bundles", "leave the bundles out")
    .option("--known-head <sha256>", "the end of the history as it was noted earlier")
    .action(read.verify);
  verb("lineage", "what the versions are made of, as a Mermaid chart").action(read.lineage);
  verb("signature <version>", "what a version takes and answers, as TypeScript").action(read.signature);
  verb("migrate", "take everything to another place: another driver, or a backup; repeat it to bring a backup up to date")
    .requiredOption("--to <place>", registryPlaces)
    .option("--to-model <name>", "the model's name there; default the same")
    .action(change.migrate);
}
