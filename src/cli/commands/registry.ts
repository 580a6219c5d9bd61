import { InvalidArgumentError, type Command } from "commander";
import { filesStore } from "../../io/files-store.js";
import { loadBundle } from "../../model/bundle/load.js";
import { evaluateGate, filesRegistry, gates, type Gate, type ModelRegistry, type ModelVersion } from "../../registry/index.js";
import { columns, exit, print, shown } from "../output.js";

interface Shared {
  store: string;
  model: string;
  json?: boolean;
}

interface Change extends Shared {
  by?: string;
  reason?: string;
}

/** Gates that a bundle's own metrics can answer; the others compare with a rival on the same rows. */
const absoluteGates = new Map([...gates].filter(([, gate]) => gate.requirements.every((one) => "min" in one || "max" in one)));

const open = ({ store, model }: Shared): ModelRegistry => filesRegistry(filesStore(store), { name: model });
const reference = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

export function register(program: Command): void {
  const registry = program.command("registry").description("keep models by version: register, promote, roll back");
  const verb = (usage: string, description: string): Command =>
    registry
      .command(usage)
      .description(description)
      .option("--store <dir>", "the registry's folder", "registry")
      .option("--model <name>", "the model's name", "churn")
      .option("--json", "print one line of JSON");
  const change = (usage: string, description: string): Command =>
    verb(usage, description).option("--by <who>", "who makes the change").option("--reason <text>", "why");

  verb("list", "versions, newest first").action(list);
  change("register <bundle>", "register a bundle as a version")
    .option("--gate <name>", `a gate on the bundle's held-out metrics: ${[...absoluteGates.keys()].join(", ")}`, gateOption)
    .action(registerBundle);
  change("promote <version>", "point an alias to a version; exit 1 when it is refused").option("--alias <name>", "the alias", "champion").action(promote);
  change("rollback", "point an alias back to its former version").option("--alias <name>", "the alias", "champion").action(rollback);
  verb("history", "every change, newest first").action(history);
}

async function list(options: Shared): Promise<void> {
  const versions = await open(options).list();
  const row = ({ number, status, aliases, metrics, registeredAt, contentHash }: ModelVersion): string[] => [
    String(number), status, aliases.join(" ") || "-", shown(metrics.values.auc.value), shown(metrics.values.f1.value), registeredAt, contentHash.slice(0, 12),
  ];
  const text = columns([["version", "status", "aliases", "AUC", "F1", "registered", "content"], ...versions.map(row)]);
  print(options.json, { model: options.model, versions }, versions.length === 0 ? "no versions yet" : text);
}

async function registerBundle(path: string, options: Change & { gate?: Gate }): Promise<void> {
  const { artefact } = await loadBundle(path);
  const verdict = options.gate && evaluateGate(options.gate, { metrics: artefact.metrics.values });
  const { version, created } = await open(options).register(artefact, { verdict, by: options.by, reason: options.reason });
  const refusals = verdict?.checks.filter(({ passed }) => !passed).map(({ reason }) => reason) ?? [];
  print(
    options.json,
    { version, created },
    `${created ? "registered" : "already registered"} as version ${version.number} (${version.status})${refusals.map((reason) => `\n  ${reason}`).join("")}`,
  );
  if (refusals.length > 0) process.exitCode = exit.checkFailed;
}

async function promote(version: string, options: Change & { alias: string }): Promise<void> {
  const { alias, by, reason } = options;
  const result = await open(options).promote(reference(version), alias, { by, reason });
  print(options.json, result, result.promoted ? `${alias} is now version ${result.version}` : `refused: ${result.reasons.join("; ")}`);
  if (!result.promoted) process.exitCode = exit.checkFailed;
}

async function rollback(options: Change & { alias: string }): Promise<void> {
  const { alias, by, reason } = options;
  const result = await open(options).rollback(alias, { by, reason });
  print(options.json, result, result.rolledBack ? `${alias} is back on version ${result.to}` : `refused: ${result.reasons.join("; ")}`);
  if (!result.rolledBack) process.exitCode = exit.checkFailed;
}

async function history(options: Shared): Promise<void> {
  const entries = await open(options).history();
  const lines = entries.map(({ at, action, version, alias, by, reason }) => [at, action, String(version), alias ?? "-", by, reason ?? ""]);
  print(options.json, { entries }, columns([["at", "action", "version", "alias", "by", "reason"], ...lines]));
}

function gateOption(text: string): Gate {
  const gate = absoluteGates.get(text);
  if (!gate) throw new InvalidArgumentError(`Take one of ${[...absoluteGates.keys()].join(", ")}.`);
  return gate;
}
