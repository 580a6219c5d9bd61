import type { GateVerdict } from "./gates/gate.js";
import { judgeOnRows, type JudgeOptions, type Judgment } from "./gates/judge.js";
import type { ModelRegistry, PromoteOptions, PromotionResult } from "./registry.js";
import type { VersionRef } from "./versions/version.js";

/** Inputs for judging a version before an alias moves to it. */
export interface JudgedPromotionOptions
  extends
    Omit<PromoteOptions, "verdict" | "expected">,
    Pick<JudgeOptions, "rows" | "gates" | "baseline" | "segments" | "bootstrap" | "latency" | "allow"> {
  /** The alias. Default `champion`. */
  readonly to?: string | undefined;
}

/**
 * Judges a version by gates on labeled rows, against the version that the alias points to now, and points the alias
 * to it if it passes. It is also refused if it was trained on these rows, or if a single column nearly predicted the
 * target in training, unless `allow` gives a reason. The verdict is recorded either way. If the alias moves during
 * the judgment, the promotion is refused, because its evidence would be about another rival.
 *
 * @throws ChurnkitError with the codes of {@link judgeOnRows} and {@link ModelRegistry.promote}.
 *
 * @example
 * ```ts
 * import type { Table } from "churnkit/data";
 * import { gates, promoteJudged, type ModelRegistry } from "churnkit/registry";
 *
 * export async function release(registry: ModelRegistry, heldOut: Table): Promise<boolean> {
 *   const { promotion } = await promoteJudged(registry, "latest", { rows: heldOut, gates: [gates.aws, gates.champion], by: "ada" });
 *   return promotion.promoted;
 * }
 * ```
 */
export async function promoteJudged(
  registry: ModelRegistry,
  ref: VersionRef,
  { to = "champion", rows, gates, baseline, segments, bootstrap, latency, allow, ...note }: JudgedPromotionOptions,
): Promise<{ readonly promotion: PromotionResult; readonly judgment: Judgment }> {
  const expected = (await registry.aliases()).get(to) ?? null;
  const [candidate, champion] = await Promise.all([
    registry.load(ref),
    expected === null ? undefined : registry.load(expected),
  ]);
  const { number, bytes } = candidate.version;
  const judgment = judgeOnRows({
    candidate: candidate.scorer,
    champion: champion?.scorer,
    baseline,
    rows,
    gates,
    segments,
    bundleBytes: bytes,
    bootstrap,
    latency,
    artifact: candidate.artifact,
    allow,
  });
  const promotion = await registry.promote(number, to, { ...note, verdict: joined(judgment), expected });
  return { promotion, judgment };
}

/** Combines the verdicts of several gates into one; all must pass. */
function joined({ verdicts, passed }: Judgment): GateVerdict {
  return {
    gate: verdicts.map(({ gate }) => gate).join(" + "),
    passed,
    checks: verdicts.flatMap(({ checks }) => checks),
  };
}
