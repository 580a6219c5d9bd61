import { JsonValue } from "../../base/json/index.js";
import type { Contract } from "../../data/contract/index.js";
import type { Table } from "../../data/table/index.js";
import { corrupt, collected, type BundleSource } from "../../model/bundle/index.js";
import { parseTrainingFacts, seenRows, trainingFactsPath, type TrainingFacts } from "../../model/training/index.js";
import type { GateCheck, GateVerdict } from "./gate.js";

/**
 * Soundness problems that no metric shows. A promotion is refused for them unless somebody gives a reason why it is
 * right.
 */
export const soundnessDemands = {
  unseenRows: "the model was not trained on the rows that judge it",
  noLeak: "no single column nearly predicts the target",
} as const;
/** A name of {@link soundnessDemands}. */
export type SoundnessDemand = keyof typeof soundnessDemands;

/** Reasons for waiving demands, in words for the history. */
export type Allowances = Partial<Readonly<Record<SoundnessDemand, string>>>;

/** Reads a bundle's facts about its training rows without loading the model; undefined for an old bundle. */
export async function trainingFactsIn({ manifest, read }: BundleSource): Promise<TrainingFacts | undefined> {
  if (!manifest.files.some(({ path }) => path === trainingFactsPath)) return undefined;
  return parseTrainingFacts(
    JsonValue.parse(await collected(read(trainingFactsPath)), trainingFactsPath, corrupt).value,
  );
}

/**
 * Judges whether a model's figures can be believed. A fact that an old bundle lacks is `unknown`, and its demand
 * holds.
 *
 * @param rows the rows that judge the model; without them only its columns are checked.
 */
export function soundVerdict(
  facts: TrainingFacts | undefined,
  {
    contract,
    rows,
    allow = {},
  }: { readonly contract?: Contract; readonly rows?: Table | undefined; readonly allow?: Allowances | undefined },
): GateVerdict {
  const checks = [
    ...(rows === undefined ? [] : [rowCheck(facts, contract ?? rows.contract, rows)]),
    leakCheck(facts),
  ].map((check): GateCheck => {
    const { requires } = check.requirement as { readonly requires: SoundnessDemand };
    const why = allow[requires];
    return check.passed || why === undefined
      ? check
      : { ...check, passed: true, reason: `${check.reason}; allowed: ${why}` };
  });
  return { gate: "sound", passed: checks.every(({ passed }) => passed), checks };
}

function rowCheck(facts: TrainingFacts | undefined, contract: Contract, rows: Table): GateCheck {
  const { verdict, checked, seen } = seenRows(facts, contract, rows);
  const reason = {
    seen: `the model was trained on ${seen} of ${checked} rows that judge it`,
    unseen: "the model was not trained on the rows that judge it",
    unknown: "whether the model was trained on the rows that judge it is unknown",
  }[verdict];
  return {
    requirement: { requires: "unseenRows" },
    passed: verdict !== "seen",
    observed: checked === 0 ? null : seen / checked,
    rows: checked,
    reason,
  };
}

function leakCheck(facts: TrainingFacts | undefined): GateCheck {
  const { leaks = [] } = facts ?? {};
  const reason =
    facts === undefined
      ? "whether a column leaks is unknown"
      : leaks.length === 0
        ? soundnessDemands.noLeak
        : leaks.map(({ message }) => message.replace(/\.$/, "")).join("; ");
  return {
    requirement: { requires: "noLeak" },
    passed: leaks.length === 0,
    observed: facts === undefined ? null : leaks.length,
    reason,
  };
}
