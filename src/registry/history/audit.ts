import { ChurnkitError } from "../../base/errors.js";
import { aliasMoved } from "../versions/aliases.js";
import { momentOf } from "./moment.js";
import { highestOf } from "../versions/recorded.js";
import { checkContent, verifyBundle } from "../versions/registered-bundle.js";
import type { AliasEntry, RegistryBackend, VersionEntry } from "../registry-state.js";
import type { Audit, AuditOptions, HistoryEntry } from "../registry.js";

/** State that the registry should have according to its history. */
interface Replayed {
  readonly versions: Map<number, Pick<VersionEntry, "contentHash" | "semver" | "status" | "stage">>;
  readonly aliases: Map<string, AliasEntry>;
}

/** Replays the history from its beginning, or names the entry that does not fit those before. */
export function replay(oldestFirst: readonly HistoryEntry[]): Replayed & { readonly problems: Audit["problems"] } {
  const versions: Replayed["versions"] = new Map();
  const aliases: Replayed["aliases"] = new Map();
  const problems: { where: string; problem: string }[] = [];
  for (const { sequence, action, version, contentHash = "", semver = "", status, stage, alias, to } of oldestFirst) {
    const known = versions.get(version);
    if ((known === undefined) !== (action === "register")) {
      problems.push({
        where: `history entry ${sequence}`,
        problem: `is a ${action} of version ${version}, which ${known ? "was registered before" : "does not exist"}`,
      });
    }
    if (action === "register")
      versions.set(version, { contentHash, semver, status: status ?? "pending", stage: "None" });
    else if (action === "remove") versions.delete(version);
    else if (known !== undefined && action !== "refuse")
      versions.set(version, { ...known, status: status ?? known.status, stage: stage ?? known.stage });
    if (alias === undefined || typeof to !== "number") continue;
    const { former = [] } = aliases.get(alias) ?? {};
    if (action === "promote") aliases.set(alias, aliasMoved(aliases.get(alias), alias, to));
    if (action === "rollback") aliases.set(alias, { alias, version: to, former: former.slice(former.indexOf(to) + 1) });
  }
  return { versions, aliases, problems };
}

/** Returns the versions that an alias would roll back to, in order; removed versions do not count. */
function stepsOf({ former }: AliasEntry, versions: readonly VersionEntry[]): readonly number[] {
  const there = new Set(versions.map(({ number }) => number));
  return former.filter((number) => there.has(number)).filter((number, i, all) => number !== all[i - 1]);
}

/** Audits a registry: see {@link ModelRegistry.verify}. A problem is a finding, not an error. */
export async function auditRegistry<Entry extends VersionEntry>(
  backend: RegistryBackend<Entry>,
  { bundles = true, knownHead }: AuditOptions,
): Promise<Audit> {
  const problems: { where: string; problem: string }[] = [];
  /** Runs a check that throws where something is broken; rethrows every other error. */
  async function finding<T>(where: string, check: () => Promise<T>): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      if (!ChurnkitError.isInstance(error) || error.code === "STORE_FAILED" || error.code === "IO_FAILED") throw error;
      problems.push({ where, problem: error.message });
      return undefined;
    }
  }

  const present = await finding("index", () => backend.read());
  const moment = present && (await finding("history", () => momentOf(backend)));
  const state = moment?.state ?? present;
  const entries = moment?.history.map(({ entry }) => entry);
  if (knownHead !== undefined && !entries?.some(({ sha256 }) => sha256 === knownHead)) {
    problems.push({
      where: "history",
      problem: `no longer has the entry ${knownHead}: it was cut short or rewritten`,
    });
  }
  for (const sequence of moment === undefined ? [] : await backend.abandoned(moment.history)) {
    problems.push({
      where: "history",
      problem: `no longer has the entry ${sequence} that followed it: an old index was put back, and changed since`,
    });
  }
  if (state !== undefined && entries !== undefined && backend.capabilities.history) {
    const told = replay(entries.toReversed());
    problems.push(...told.problems);
    for (const version of state.versions) {
      const expected = told.versions.get(version.number);
      const recorded = { ...version, status: version.recorded ?? version.status };
      const differing = (["contentHash", "semver", "status", "stage"] as const).find(
        (name) => expected?.[name] !== recorded[name],
      );
      if (differing !== undefined) {
        problems.push({
          where: `version ${version.number}`,
          problem:
            expected === undefined
              ? "is not in the history"
              : `has the ${differing} ${recorded[differing]}, but its history says ${expected[differing]}`,
        });
      }
      told.versions.delete(version.number);
    }
    for (const number of told.versions.keys())
      problems.push({ where: `version ${number}`, problem: "is in the history but not in the registry" });
    const names = new Set([...state.aliases.map(({ alias }) => alias), ...told.aliases.keys()]);
    for (const name of names) {
      const [is, should] = [state.aliases.find(({ alias }) => alias === name), told.aliases.get(name)];
      const where = `alias ${name}`;
      if (is?.version !== should?.version)
        problems.push({
          where,
          problem: `points to version ${is?.version ?? "none"}, but its history says ${should?.version ?? "none"}`,
        });
      else if (is !== undefined && should !== undefined) {
        const [steps, toldSteps] = [stepsOf(is, state.versions), stepsOf(should, state.versions)];
        // A step found in a service when its history began can be older than the history.
        if (!toldSteps.every((step, i) => step === steps[i])) {
          problems.push({
            where,
            problem: `would roll back to version ${steps.join(", ") || "none"}, but its history says ${toldSteps.join(", ")}`,
          });
        }
      }
    }
    const highest = highestOf(entries.flatMap(({ semver }) => semver ?? []));
    const next = entries.reduce((most, { version }) => Math.max(most, version), 0) + 1;
    for (const [what, is, should] of [
      ["highest version so far", state.highest, highest],
      ["number of the next version", state.next, next],
    ] as const) {
      const isKept = is !== undefined || state.next !== undefined;
      if (isKept && is !== should)
        problems.push({
          where: "index",
          problem: `has ${is ?? "none"} as the ${what}, but its history says ${should ?? "none"}`,
        });
    }
  }
  for (const entry of state?.versions ?? []) {
    const where = `version ${entry.number}`;
    const record = await finding(where, () => backend.record(entry));
    if (record !== undefined && (record.number !== entry.number || record.contentHash !== entry.contentHash)) {
      problems.push({ where, problem: "has the record of another version" });
    }
    if (bundles)
      await finding(where, async () => verifyBundle(checkContent(await backend.bundle(entry), entry.contentHash)));
  }
  return {
    sound: problems.length === 0,
    versions: state?.versions.length ?? 0,
    entries: entries?.length ?? 0,
    head: entries?.[0]?.sha256 ?? null,
    problems,
    // Without a trustworthy index every bundle would look like an orphan.
    orphans: moment === undefined ? [] : ((await backend.orphans?.()) ?? []),
  };
}
