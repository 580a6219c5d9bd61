import { counted } from "../../base/counted.js";
import { ChurnkitError } from "../../base/errors.js";
import {
  compareVersions,
  comparisonText,
  lineageGraph,
  lineageMermaid,
  versionsUsingData,
  type ModelVersion,
  type VersionStage,
  type VersionStatus,
} from "../../registry/versions/index.js";
import type { OrphanBundle } from "../../registry/backends/index.js";
import type { Audit, HistoryEntry, ModelRegistry } from "../../registry/registry.js";
import { signatureTypes } from "../../registry/signature/index.js";
import { columns, exit, note, print, shown } from "../output.js";
import { reference } from "../registry-options.js";
import { modelIn, openRegistry } from "../places.js";

/** Options of every verb of the registry. */
export interface Shared {
  store: string;
  model?: string;
  json?: boolean;
}

/** Opens the requested registry; `first` names the model if the folder has none yet. */
export const open = ({ store, model }: Shared, first?: string): Promise<ModelRegistry> =>
  openRegistry(store, model ?? modelIn(store, first));

interface Listing extends Shared {
  limit: number;
  status?: VersionStatus;
  stage?: VersionStage;
  data?: string;
}

export async function list(options: Listing): Promise<void> {
  const { status, stage } = options;
  const registry = await open(options);
  const all = await registry.list({ limit: options.data === undefined ? options.limit : Infinity, status, stage });
  const versions =
    options.data === undefined ? all : versionsUsingData(all, wholeHash(all, options.data)).slice(0, options.limit);
  // Shows a status or stage only if somebody set it. Where nobody uses them, "the champion is neither approved nor in
  // Production" would mislead.
  const decided = ({ status, stage }: ModelVersion): string =>
    [status, stage].filter((one) => one !== "pending" && one !== "None").join(" ") || "-";
  const row = (version: ModelVersion): string[] => {
    const { number, semver, aliases, metrics, registeredAt, contentHash } = version;
    return [
      String(number),
      semver,
      decided(version),
      aliases.join(" ") || "-",
      shown(metrics.values.auc.value),
      shown(metrics.values.f1.value),
      registeredAt,
      contentHash.slice(0, 12),
    ];
  };
  const text = columns([
    ["number", "version", "decided", "aliases", "AUC", "F1", "registered", "content"],
    ...versions.map(row),
  ]);
  const chosen = [
    status,
    stage === undefined ? undefined : `in the stage ${stage}`,
    options.data === undefined ? undefined : `trained on the data ${options.data}`,
  ];
  const which = chosen.filter((part) => part !== undefined).join(", ");
  const none =
    which === ""
      ? `no versions of ${registry.name} in ${options.store} yet`
      : `no versions of ${registry.name} in ${options.store} are ${which}`;
  print(options.json, { model: registry.name, versions }, versions.length === 0 ? none : text);
}

/** Charts show the beginning of a hash: enough to make it unique. */
function wholeHash(versions: readonly ModelVersion[], begun: string): string {
  const hashes = [...new Set(versions.map(({ lineage }) => lineage.dataHash))].filter(
    (hash) => begun.length >= 6 && hash.startsWith(begun),
  );
  if (hashes.length > 1)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${hashes.length} data hashes begin with ${begun}: ${hashes.join(", ")}. Give more of the hash.`,
    );
  return hashes[0] ?? begun;
}

export async function show(version: string, options: Shared): Promise<void> {
  const found = await (await open(options)).get(reference(version));
  const {
    number,
    semver,
    status,
    statusNote,
    stage,
    aliases,
    description,
    tags,
    metrics,
    lineage,
    provenance,
    bytes,
    contentHash,
    registeredAt,
    by,
    verdict,
  } = found;
  const lines: [string, string][] = [
    ["version", `${number} (${semver})${aliases.length > 0 ? `, ${aliases.join(", ")}` : ""}`],
    [
      "status",
      `${status} by ${statusNote.by} at ${statusNote.at}${statusNote.reason === undefined ? "" : `: ${statusNote.reason}`}`,
    ],
    ["stage", stage],
    ["registered", `${registeredAt} by ${by}`],
    ["description", description || "-"],
    [
      "tags",
      Object.entries(tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(", ") || "-",
    ],
    ["learner", `${provenance.learner}, seed ${provenance.seed}`],
    [
      "metrics",
      `AUC ${shown(metrics.values.auc.value)}, F1 ${shown(metrics.values.f1.value)}, log loss ${shown(metrics.values.logLoss.value)}`,
    ],
    ["data", lineage.dataHash],
    ["contract", lineage.contractHash],
    ["recipe", lineage.recipeHash],
    ["signature", lineage.signatureHash],
    ["commit", lineage.gitCommit ?? "-"],
    ["parent", lineage.parent === undefined ? "-" : String(lineage.parent)],
    ["run", lineage.runId ?? "-"],
    ["trained", `${lineage.trainedAt ?? "-"} by ${lineage.trainedBy ?? "-"} at ${lineage.trainedWhere ?? "-"}`],
    [
      "made with",
      Object.entries(lineage.environment.versions)
        .map((pair) => pair.join(" "))
        .join(", ") || "-",
    ],
    [
      "gate",
      verdict === undefined
        ? "-"
        : `${verdict.gate} ${verdict.passed ? "passed" : "refused"}: ${verdict.checks.map(({ reason }) => reason).join("; ")}`,
    ],
    ["bundle", `${contentHash}, ${bytes} bytes`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  print(options.json, found, lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n"));
}

export async function compare(first: string, second: string, options: Shared): Promise<void> {
  const registry = await open(options);
  const [a, b] = await Promise.all([registry.load(reference(first)), registry.load(reference(second))]);
  const comparison = compareVersions(a.artifact, b.artifact);
  print(options.json, comparison, comparisonText(comparison, { a: a.version.semver, b: b.version.semver }));
}

export async function history(options: Shared): Promise<void> {
  const registry = await open(options);
  if (!registry.capabilities.history)
    note(`${options.store} keeps no history without ?ledger=<folder or s3://bucket/prefix>`);
  const entries = await registry.history();
  const lines = entries.map((entry) => [
    entry.at,
    entry.action,
    String(entry.version),
    changeOf(entry),
    entry.by,
    whyOf(entry),
  ]);
  print(options.json, { entries }, columns([["at", "action", "version", "change", "by", "reason"], ...lines]));
}

/** Describes a change as "from -> to". */
function changeOf({ alias, from, to, status, stage }: HistoryEntry): string {
  const moved = alias === undefined ? [] : [to === undefined ? alias : `${alias} ${from ?? "none"} -> ${to ?? "none"}`];
  return [...moved, status, stage].filter((part) => part !== undefined).join(", ") || "-";
}

const whyOf = ({ reason, reasons = [], verdict }: HistoryEntry): string => {
  const gate = verdict?.passed === true ? [`passed ${verdict.gate}`] : [];
  return [reason, ...reasons, ...gate].filter((part) => part !== undefined).join("; ");
};

/**
 * Makes the error for an empty place: it is more often a wrong name than a new registry, and an empty one is neither
 * sound nor a backup.
 */
export const nothingIn = ({ store }: Shared, { name }: ModelRegistry): ChurnkitError =>
  new ChurnkitError("REGISTRY_NOT_FOUND", `There is no registry of ${name} in ${store}. Check --store and --model.`);

export async function verify(options: Shared & { bundles: boolean; knownHead?: string }): Promise<void> {
  const registry = await open(options);
  const audit = await registry.verify({ bundles: options.bundles, knownHead: options.knownHead });
  const { sound, versions, entries, head, problems, orphans } = audit;
  if (sound && versions + entries + orphans.length === 0) throw nothingIn(options, registry);
  const summary = `${holdings(audit)}, ending with ${head ?? "none"}`;
  print(
    options.json,
    audit,
    [
      sound ? `sound: ${summary}` : `not sound: ${summary}`,
      ...problems.map(({ where, problem }) => `  ${where}: ${problem}`),
      ...orphanLines(orphans),
    ].join("\n"),
  );
  if (!sound) process.exitCode = exit.checkFailed;
}

/** Lists bundles that no version names, and what to do about them. */
function orphanLines(orphans: readonly OrphanBundle[]): string[] {
  if (orphans.length === 0) return [];
  return [
    `${foldersText(orphans)}, left by killed processes or being registered now (churnkit registry clean removes old ones):`,
    ...orphans.map(orphanLine),
  ];
}

/** How much a registry holds. */
export const holdings = ({ versions, entries }: Pick<Audit, "versions" | "entries">): string =>
  `${counted(versions, "version")}, ${counted(entries, "entry", "entries")} of history`;

/** Describes how much data no version names. */
export const foldersText = (orphans: readonly OrphanBundle[]): string =>
  `${counted(orphans.length, "bundle folder")} without a version, ${counted(
    orphans.reduce((sum, { bytes }) => sum + bytes, 0),
    "byte",
  )}`;

/** Describes a folder with its size and age. */
export const orphanLine = ({ folder, bytes, modified }: OrphanBundle): string =>
  `  ${folder}: ${counted(bytes, "byte")}, ${modified === null ? "of unknown age" : `${ageText((Date.now() - Date.parse(modified)) / 60_000)} old`}`;

function ageText(minutes: number): string {
  if (minutes < 90) return `${Math.max(0, Math.round(minutes))} min`;
  return minutes < 2 * 1440 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

export async function lineage(options: Shared): Promise<void> {
  const graph = lineageGraph([...(await (await open(options)).list({ limit: Infinity }))].reverse());
  print(options.json, graph, lineageMermaid(graph));
}

export async function signature(version: string, options: Shared): Promise<void> {
  const registry = await open(options);
  const { signature: found } = await registry.get(reference(version));
  print(options.json, found, await signatureTypes(found, { name: registry.name }));
}
