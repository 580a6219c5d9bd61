import { counted } from "../../base/counted.js";
import { readTable } from "../../data/read/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { filesStore } from "../../io/store/index.js";
import { toBundleFiles, loadBundle, bundleSource, sourceOfFiles, type BundleSource } from "../../model/bundle/index.js";
import {
  aliasMovedBack,
  partsOf,
  applyRetention,
  planRetention,
  versionStages,
} from "../../registry/versions/index.js";
import {
  evaluateGate,
  type Gate,
  type GateCheck,
  type GateVerdict,
  soundVerdict,
  trainingFactsIn,
  type Allowances,
  type SoundnessDemand,
} from "../../registry/gates/index.js";
import { promoteJudged } from "../../registry/promote-judged.js";
import type { ModelRegistry } from "../../registry/registry.js";
import { confirmed, exit, note, print } from "../output.js";
import { reference } from "../registry-options.js";
import { openRegistry } from "../places.js";
import { foldersText, holdings, nothingIn, open, orphanLine, type Shared } from "./registry-read.js";

/** Options of every verb that changes something. */
export interface Change extends Shared {
  by?: string;
  reason?: string;
}

interface Registering extends Change {
  gate?: readonly Gate[];
  tag?: Readonly<Record<string, string>>;
  description?: string;
  run?: string;
}

/** A bundle up to this size is loaded, so that every registered bundle can score; a larger one is only read. */
const mostOpened = 256 * 2 ** 20;

/** The bundle on disk: its manifest says when it was trained, and by which churnkit. */
async function bundleAt(path: string): Promise<BundleSource> {
  const source = await bundleSource(filesStore(path)).catch(() => undefined);
  const bytes = source?.manifest.files.reduce((sum, file) => sum + file.bytes, 0) ?? 0;
  if (source !== undefined && bytes > mostOpened) {
    note(`${path} is too large to load first; its checksums are verified`);
    return source;
  }
  const { manifest, artifact } = await loadBundle(path);
  return (
    source ??
    sourceOfFiles(
      await toBundleFiles(artifact, { createdAt: new Date(manifest.createdAt), trainingRun: manifest.trainingRun }),
    )
  );
}

export async function registerBundle(path: string, options: Registering): Promise<void> {
  const bundle = await bundleAt(path);
  const { metrics, contract } = await partsOf(bundle);
  const evidence = { metrics: metrics.values, classes: metrics.classes };
  const verdict = options.gate && joined(options.gate.map((gate) => evaluateGate(gate, evidence)));
  const registry = await open(options, contract.name);
  const [newest] = await registry.list({ limit: 1 });
  const { by, reason, tag: tags, description, run } = options;
  const { version, created } = await registry.register(bundle, {
    verdict,
    by,
    reason,
    tags,
    description,
    ...(run === undefined ? {} : { run: { runId: run } }),
  });
  const refusals = verdict?.checks.filter(({ passed }) => !passed).map(({ reason }) => reason) ?? [];
  const what = `version ${version.number} (${version.semver}, ${version.status})`;
  print(
    options.json,
    { version, created },
    `${created ? "registered" : "already registered"} as ${what} of ${registry.name}${refusals.map((text) => `\n  ${text}`).join("")}`,
  );
  if (created && newest !== undefined) await noteCrossing(registry, newest.number, version.number, contract.name);
  if (refusals.length > 0) process.exitCode = exit.checkFailed;
}

/** Notes that a bundle has another contract than the previous version: it may belong to another model. */
async function noteCrossing(registry: ModelRegistry, before: number, added: number, name: string): Promise<void> {
  // If that bundle cannot be read, the new version is registered anyway; `registry verify` reports it.
  const former = await registry
    .open(before)
    .then(partsOf)
    .catch(() => undefined);
  if (former === undefined || former.contract.name === name) return;
  note(
    `note: the contract's name differs: version ${before} of ${registry.name} has the contract ${JSON.stringify(former.contract.name)}, version ${added} of ${JSON.stringify(name)}; if it is a different model, remove it and register it with --model`,
  );
}

const joined = (verdicts: readonly GateVerdict[]): GateVerdict => ({
  gate: verdicts.map(({ gate }) => gate).join(" + "),
  passed: verdicts.every(({ passed }) => passed),
  checks: verdicts.flatMap(({ checks }) => checks),
});

const decisions = { approve: "approved", reject: "rejected", quarantine: "quarantined" } as const;

export async function decide(decision: keyof typeof decisions, version: string, options: Change): Promise<void> {
  const found = await (await open(options)).setStatus(reference(version), decisions[decision], options);
  print(options.json, found, `version ${found.number} (${found.semver}) is ${found.status}`);
  if (decision !== "approve" && found.aliases.length > 0)
    note(`${found.aliases.join(", ")} still points to it; roll back, or promote another version`);
}

export async function stage(version: string, wanted: string, options: Change): Promise<void> {
  const known = versionStages.find((one) => one === wanted);
  if (known === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `Unknown stage ${JSON.stringify(wanted)}. Use one of ${versionStages.join(", ")}.`,
    );
  const found = await (await open(options)).setStage(reference(version), known, options);
  print(options.json, found, `version ${found.number} (${found.semver}) is in the stage ${found.stage}`);
}

interface Promotion extends Change {
  alias: string;
  gate?: readonly Gate[];
  rows?: string;
  approvedOnly?: boolean;
  allowLeak?: string;
  allowSeenRows?: string;
}

export async function promote(version: string, options: Promotion): Promise<void> {
  const { alias, by, gate: gates, rows, approvedOnly, allowLeak, allowSeenRows } = options;
  const allow: Allowances = {
    ...(allowLeak === undefined ? {} : { noLeak: allowLeak }),
    ...(allowSeenRows === undefined ? {} : { unseenRows: allowSeenRows }),
  };
  const allowed = [
    allowLeak && `leak allowed: ${allowLeak}`,
    allowSeenRows && `training rows allowed: ${allowSeenRows}`,
  ];
  const reason = [options.reason, ...allowed].filter(Boolean).join("; ") || undefined;
  if ((gates === undefined) !== (rows === undefined)) {
    throw new ChurnkitError("OPTION_INVALID", "A gate needs rows. Give --gate and --rows together, or neither.");
  }
  const registry = await open(options);
  const ref = reference(version);
  if (gates === undefined || rows === undefined) {
    const { number } = await registry.get(ref);
    const verdict = soundVerdict(await trainingFactsIn(await registry.open(number)), { allow });
    // A verdict without news is not evidence.
    const telling = !verdict.passed || allowLeak !== undefined ? { verdict } : {};
    const result = await registry.promote(number, alias, { by, reason, approvedOnly, ...telling });
    return said(options, alias, result, result, verdict.checks);
  }
  const { scorer } = await registry.load(ref);
  const table = await readTable(scorer.contract, rows);
  if (table.rejected.length > 0)
    note(`not judged because they break the contract: ${counted(table.rejected.length, "row")} of ${rows}`);
  const { promotion, judgment } = await promoteJudged(registry, ref, {
    to: alias,
    rows: table,
    gates,
    by,
    reason,
    approvedOnly,
    allow,
  });
  for (const { gate, checks } of judgment.verdicts)
    for (const { passed, reason: why } of checks) note(`${passed ? "passed" : "failed"}  ${gate}: ${why}`);
  said(
    options,
    alias,
    promotion,
    { ...promotion, judgment },
    judgment.verdicts.flatMap(({ checks }) => checks),
  );
}

type Promoted = Awaited<ReturnType<typeof promoteJudged>>["promotion"];

function said({ json }: Change, alias: string, result: Promoted, value: object, checks: readonly GateCheck[]): void {
  print(
    json,
    value,
    result.promoted ? `${alias} is now version ${result.version}` : `refused: ${result.reasons.join("; ")}`,
  );
  if (result.promoted) return;
  process.exitCode = exit.checkFailed;
  for (const { requirement, passed } of checks)
    if (!passed && "requires" in requirement) note(remedies[requirement.requires]);
}

/** Remedies for a model that is not sound. */
const remedies: Readonly<Record<SoundnessDemand, string>> = {
  noLeak:
    "train again with --ignore, or explain with --allow-leak REASON why the column is known before the customer leaves",
  unseenRows:
    "give --rows that the model was not trained on, or explain with --allow-seen-rows REASON why these are acceptable",
};

export async function rollback(options: Change & { alias: string; quarantine: boolean }): Promise<void> {
  const { alias, by, reason, quarantine } = options;
  const result = await (await open(options)).rollback(alias, { by, reason, quarantine });
  print(
    options.json,
    result,
    result.rolledBack ? `${alias} is back on version ${result.to}` : `refused: ${result.reasons.join("; ")}`,
  );
  if (!result.rolledBack) process.exitCode = exit.checkFailed;
}

export async function remove(version: string, options: Change & { yes?: boolean }): Promise<void> {
  const registry = await open(options);
  const { number, semver } = await registry.get(reference(version));
  const { yes = false } = options;
  const state = yes ? undefined : await registry.snapshot();
  const back =
    state?.aliases.filter((entry) => aliasMovedBack(state, entry)?.version === number).map(({ alias }) => alias) ?? [];
  if (
    back.length > 0 &&
    !(await confirmed(`${back.join(", ")} would roll back to version ${number} (${semver}). Remove it?`))
  ) {
    throw new ChurnkitError(
      "REGISTRY_REFUSED",
      `${back.join(", ")} would roll back to version ${number}. Use --yes to remove it anyway.`,
    );
  }
  await registry.remove(number, options);
  print(options.json, { removed: number }, `version ${number} (${semver}) was removed`);
}

export async function retain(options: Change & { keep: number; apply?: boolean }): Promise<void> {
  const registry = await open(options);
  const policy = { keepLast: options.keep };
  const plan = options.apply ? await applyRetention(registry, policy, options) : await planRetention(registry, policy);
  const verb = options.apply ? "removed" : "would remove";
  const lines = plan.keep.map(({ version, because }) => `keeps version ${version}: ${because}`);
  print(
    options.json,
    plan,
    [
      `${verb} ${counted(plan.remove.length, "version")}${plan.remove.length > 0 ? `: ${plan.remove.join(", ")}` : ""}`,
      ...lines,
    ].join("\n"),
  );
}

export async function clean(options: Shared & { olderThan?: number; apply?: boolean }): Promise<void> {
  const registry = await open(options);
  const { apply = false } = options;
  const orphans = await registry.clean({ olderThanSeconds: options.olderThan, apply });
  if (
    orphans.length === 0 &&
    (await registry.list({ limit: 1 })).length + (await registry.history({ limit: 1 })).length === 0
  )
    throw nothingIn(options, registry);
  print(
    options.json,
    { removed: apply, orphans },
    [`${apply ? "removed" : "would remove"} ${foldersText(orphans)}`, ...orphans.map(orphanLine)].join("\n"),
  );
}

export async function migrate(options: Shared & { to: string; toModel?: string }): Promise<void> {
  const from = await open(options);
  const to = await openRegistry(options.to, options.toModel ?? from.name);
  const snapshot = await from.snapshot();
  if (snapshot.versions.length + snapshot.history.length === 0) throw nothingIn(options, from);
  const lost = to.capabilities.history ? 0 : snapshot.history.length;
  if (lost > 0)
    note(
      `${counted(lost, "entry", "entries")} of history cannot be copied: ${options.to} keeps no history without ?ledger=<folder or s3://bucket/prefix>`,
    );
  await to.restore(snapshot);
  const { sound, versions, entries, problems } = await to.verify();
  print(
    options.json,
    { versions, entries, sound, problems },
    `${options.to} holds ${holdings({ versions, entries })}${sound ? "" : `; not sound: ${problems[0]?.problem ?? ""}`}`,
  );
  if (!sound) process.exitCode = exit.checkFailed;
}
