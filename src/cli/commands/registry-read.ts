import { compareVersions, comparisonText } from "../../registry/compare-versions.js";
import { lineageGraph, lineageMermaid, versionsUsingData } from "../../registry/lineage.js";
import type { ModelRegistry } from "../../registry/registry.js";
import { signatureTypes } from "../../registry/signature-types.js";
import type { ModelVersion } from "../../registry/version.js";
import { columns, exit, print, shown } from "../output.js";
import { reference } from "../registry-options.js";
import { openRegistry } from "../places.js";

/** The options of every verb of the registry. */
export interface Shared {
  store: string;
  model: string;
  json?: boolean;
}

export const open = ({ store, model }: Shared): Promise<ModelRegistry> => openRegistry(store, model);

export async function list(options: Shared & { limit: number; data?: string }): Promise<void> {
  const registry = await open(options);
  const all = await registry.list({ limit: options.data === undefined ? options.limit : Infinity });
  const versions = options.data === undefined ? all : versionsUsingData(all, options.data).slice(0, options.limit);
  const row = ({ number, semver, status, stage, aliases, metrics, registeredAt, contentHash }: ModelVersion): string[] => [
    String(number), semver, status, stage, aliases.join(" ") || "-", shown(metrics.values.auc.value), shown(metrics.values.f1.value), registeredAt, contentHash.slice(0, 12),
  ];
  const text = columns([["number", "version", "status", "stage", "aliases", "AUC", "F1", "registered", "content"], ...versions.map(row)]);
  print(options.json, { model: options.model, versions }, versions.length === 0 ? "no versions yet" : text);
}

export async function show(version: string, options: Shared): Promise<void> {
  const found = await (await open(options)).get(reference(version));
  const { number, semver, status, statusNote, stage, aliases, description, tags, metrics, lineage, provenance, bytes, contentHash, registeredAt, by } = found;
  const lines: [string, string][] = [
    ["version", `${number} (${semver})${aliases.length > 0 ? `, ${aliases.join(", ")}` : ""}`],
    ["status", `${status} by ${statusNote.by} at ${statusNote.at}${statusNote.reason === undefined ? "" : `: ${statusNote.reason}`}`],
    ["stage", stage],
    ["registered", `${registeredAt} by ${by}`],
    ["description", description || "-"],
    ["tags", Object.entries(tags).map(([name, value]) => `${name}=${value}`).join(", ") || "-"],
    ["learner", `${provenance.learner}, seed ${provenance.seed}`],
    ["metrics", `AUC ${shown(metrics.values.auc.value)}, F1 ${shown(metrics.values.f1.value)}, log loss ${shown(metrics.values.logLoss.value)}`],
    ["data", lineage.dataHash],
    ["commit", lineage.gitCommit ?? "-"],
    ["parent", lineage.parent === undefined ? "-" : String(lineage.parent)],
    ["run", lineage.runId ?? "-"],
    ["bundle", `${contentHash}, ${bytes} bytes`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  print(options.json, found, lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n"));
}

export async function compare(first: string, second: string, options: Shared): Promise<void> {
  const registry = await open(options);
  const [a, b] = await Promise.all([registry.load(reference(first)), registry.load(reference(second))]);
  const comparison = compareVersions(a.artefact, b.artefact);
  print(options.json, comparison, comparisonText(comparison, { a: a.version.semver, b: b.version.semver }));
}

export async function history(options: Shared): Promise<void> {
  const entries = await (await open(options)).history();
  const lines = entries.map(({ at, action, version, alias, by, reason }) => [at, action, String(version), alias ?? "-", by, reason ?? ""]);
  print(options.json, { entries }, columns([["at", "action", "version", "alias", "by", "reason"], ...lines]));
}

export async function verify(options: Shared & { bundles: boolean; knownHead?: string }): Promise<void> {
  const audit = await (await open(options)).verify({ bundles: options.bundles, knownHead: options.knownHead });
  const { sound, versions, entries, head, problems } = audit;
  const summary = `${versions} versions, ${entries} entries of history, ending with ${head ?? "none"}`;
  print(options.json, audit, [sound ? `sound: ${summary}` : `not sound: ${summary}`, ...problems.map(({ where, problem }) => `  ${where}: ${problem}`)].join("\n"));
  if (!sound) process.exitCode = exit.checkFailed;
}

export async function lineage(options: Shared): Promise<void> {
  const graph = lineageGraph([...(await (await open(options)).list({ limit: Infinity }))].reverse());
  print(options.json, graph, lineageMermaid(graph));
}

export async function signature(version: string, options: Shared): Promise<void> {
  const { signature: found } = await (await open(options)).get(reference(version));
  print(options.json, found, await signatureTypes(found, { name: options.model }));
}
