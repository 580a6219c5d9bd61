import { ChurnkitError } from "../../base/errors.js";
import type { ChangeNote, ModelRegistry } from "../registry.js";
import type { ModelVersion } from "./version.js";

/** Versions that a registry keeps; plain JSON. */
export interface RetentionPolicy {
  /** How many of the newest versions. Default 5. */
  readonly keepLast?: number | undefined;
  /** Keep versions in these stages too. Default Staging and Production. */
  readonly keepStages?: readonly string[] | undefined;
  /** Former versions of each alias to keep for a rollback. Default 1. */
  readonly keepFormer?: number | undefined;
}

/** Result of a retention policy. */
export interface RetentionPlan {
  /** Oldest first. */
  readonly remove: readonly number[];
  readonly keep: readonly { readonly version: number; readonly because: string }[];
}

/**
 * Decides which versions may be removed: all except the newest, those that an alias points to, those it would roll
 * back to, and those in a stage to keep. Changes nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for counts that are not whole numbers from 0.
 */
export async function planRetention(
  registry: ModelRegistry,
  { keepLast = 5, keepStages = ["Staging", "Production"], keepFormer = 1 }: RetentionPolicy = {},
): Promise<RetentionPlan> {
  if (![keepLast, keepFormer].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `A retention policy keeps whole numbers of versions of 0 or more, not ${keepLast} and ${keepFormer} former ones.`,
    );
  }
  const { aliases, versions } = await registry.snapshot();
  const newest = new Set(versions.slice(Math.max(0, versions.length - keepLast)).map(({ number }) => number));
  const why = ({ number, stage }: Pick<ModelVersion, "number" | "stage">): string | undefined => {
    const pointing = aliases.find(({ version }) => version === number);
    if (pointing !== undefined) return `it is the ${pointing.alias}`;
    const former = aliases.find((alias) => alias.former.slice(0, keepFormer).includes(number));
    if (former !== undefined) return `${former.alias} would roll back to it`;
    if (keepStages.includes(stage)) return `it is in the stage ${stage}`;
    return newest.has(number) ? `it is one of the newest ${keepLast}` : undefined;
  };
  const judged = versions.map((version) => ({ version: version.number, because: why(version) }));
  return {
    remove: judged.flatMap(({ version, because }) => (because === undefined ? [version] : [])),
    keep: judged.flatMap(({ version, because }) => (because === undefined ? [] : [{ version, because }])),
  };
}

/**
 * Removes the versions that a retention policy does not keep; the history keeps their records.
 *
 * @throws ChurnkitError REGISTRY_REFUSED if the driver cannot remove, or a version was promoted in the meantime.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import { applyRetention, planRetention, storeRegistry } from "churnkit/registry";
 *
 * const registry = storeRegistry(memoryStore(), { name: "churn" });
 * const { remove } = await planRetention(registry, { keepLast: 3 });
 * console.assert(remove.length === 0 && (await applyRetention(registry, { keepLast: 3 })).keep.length === 0);
 * ```
 */
export async function applyRetention(
  registry: ModelRegistry,
  policy: RetentionPolicy = {},
  note: ChangeNote = {},
): Promise<RetentionPlan> {
  const plan = await planRetention(registry, policy);
  for (const version of plan.remove) await registry.remove(version, { reason: "retention", ...note });
  return plan;
}
