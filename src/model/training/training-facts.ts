import { count, fromBase64, JsonValue, list, number, object, text, toBase64, version } from "../../base/json/index.js";
import type { Contract } from "../../data/contract/index.js";
import { findLeaks } from "../../data/quality/index.js";
import { rowFingerprints, type Table } from "../../data/table/index.js";
import type { Artifact } from "../artifact.js";
import { corrupt } from "../corrupt.js";
import { falsePositives, inFilter, rowFilter, type RowFilter } from "./row-filter.js";

/** Facts about a model's training rows that the bundle keeps in addition to their profile. */
export interface TrainingFacts {
  readonly filter: RowFilter;
  /** Columns that alone nearly predicted the target, with the findings. */
  readonly leaks: readonly { readonly column: string; readonly message: string }[];
}

/** The name among a bundle's extras. */
const extra = "training";
/** The file of a bundle that holds them. */
export const trainingFactsPath = `extras/${extra}.json`;

const featuresOf = ({ columns }: Contract): string[] =>
  columns.flatMap(({ name, role }) => (role === "feature" ? [name] : []));

/** The extras of a model trained on these tables: a Bloom filter of their rows and the columns that leak. */
export function trainingExtras(table: Table, validation: Table | undefined): NonNullable<Artifact["extras"]> {
  const features = featuresOf(table.contract);
  const { bits, ...filter } = rowFilter(
    [table, ...(validation ? [validation] : [])].map((part) => rowFingerprints(part, features)),
  );
  const leaks = findLeaks(table).map(({ column, message }) => ({ column, message }));
  return { [extra]: { format: 1, ...filter, bits: toBase64(bits), leaks } };
}

/**
 * Returns a bundle's facts about its training rows; undefined for a bundle from before bundles kept them.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT if it is broken.
 */
export const trainingFactsOf = ({ extras }: Pick<Artifact, "extras">): TrainingFacts | undefined =>
  extras?.[extra] === undefined ? undefined : parseTrainingFacts(extras[extra]);

const facts = object({
  format: version(1),
  rows: count(),
  share: number(0, 1),
  repeated: number(0, 1),
  bits(json) {
    const bits = fromBase64(text()(json));
    const bytes = bits?.length ?? 0;
    if (bits === undefined || bytes < 1 || bytes > 2 ** 20 || (bytes & (bytes - 1)) !== 0)
      throw json.not("a power of two of bytes");
    return bits;
  },
  leaks: list(object({ column: text(), message: text() }), 10_000),
});

/** @throws ChurnkitError BUNDLE_CORRUPT. */
export function parseTrainingFacts(json: unknown): TrainingFacts {
  const { rows, share, repeated, bits, leaks } = facts(JsonValue.of(json, trainingFactsPath, corrupt));
  return { filter: { rows, share, repeated, bits }, leaks };
}

/** Whether a model was trained on some rows. */
export interface SeenRows {
  /**
   * `seen` if the model was trained on more of them than chance explains, `unseen` if on none or a few; `unknown` for
   * a bundle without fingerprints, and if too many rows are equal to decide.
   */
  readonly verdict: "seen" | "unseen" | "unknown";
  /** Rows that were looked up: all, or for a very large training a sample by hash. */
  readonly checked: number;
  /** How many of them equal a training row in every feature. */
  readonly seen: number;
}

/** If more than this share of rows equal others, equality says nothing. */
const tooAlike = 0.5;

/** Returns for each row 1 if the model was trained on an equal one, 0 if not, -1 if unknown. */
export function seenEach({ filter }: TrainingFacts, contract: Contract, table: Table): Int8Array {
  return inFilter(filter, rowFingerprints(table, featuresOf(contract)));
}

/**
 * Returns whether a model was trained on these rows, by their features alone: the same customers without ids or with
 * other labels are found too. Rows may be equal by chance at the rate of the training rows.
 *
 * @param contract The model's.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { logistic, seenRows, train, trainingFactsOf } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const { artifact } = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * console.assert(seenRows(trainingFactsOf(artifact), artifact.contract, table).verdict === "seen");
 * ```
 */
export function seenRows(facts: TrainingFacts | undefined, contract: Contract, table: Table): SeenRows {
  if (facts === undefined) return { verdict: "unknown", checked: 0, seen: 0 };
  const each = seenEach(facts, contract, table).filter((one) => one >= 0);
  const seen = each.reduce((sum, one) => sum + one, 0);
  const checked = each.length;
  const chance = Math.min(1, facts.filter.repeated + falsePositives);
  if (checked === 0 || chance > tooAlike) return { verdict: "unknown", checked, seen };
  // Four standard deviations above chance, and one row in a hundred: fewer cannot change a figure noticeably.
  const expected = checked * chance;
  const most = expected + 4 * Math.sqrt(expected * (1 - chance)) + checked * Math.max(0.01, facts.filter.repeated);
  return { verdict: seen > most ? "seen" : "unseen", checked, seen };
}
