import { type Contract, memberNamed, spellingsOf } from "../data/contract/index.js";
import type { ScoredRecord } from "../model/scoring/index.js";
import { membersOf, textOf, type CapturedPrediction } from "../monitor/capture/index.js";
import type { ScoringContext } from "./handler.js";

/** A scored request. */
export interface Scored {
  readonly records: readonly unknown[];
  readonly results: readonly ScoredRecord[];
  readonly context: ScoringContext;
  /** Time of the answer, milliseconds since 1970. */
  readonly at: number;
}

/**
 * The predictions of a request, with the ids of a contract, or the prediction's where the record has none. A refused record has no
 * probability.
 */
export function predictionsOf({ records, results, context, at }: Scored, contract: Contract): CapturedPrediction[] {
  const ids = contract.columns.filter(({ role }) => role === "id").map(({ name }) => name);
  const spellings = spellingsOf(ids);
  const idsIn = (record: unknown): unknown[] =>
    ids.map((name) => memberNamed(membersOf(record), name, spellings.others(name)));
  // Read an id that JSON rounds once more as it is spelled; the record is unchanged.
  const spelled = records.some((record) => idsIn(record).some(isRounded)) ? context.exactRecords() : records;
  const time = new Date(at).toISOString();
  const version = textOf(context.model.version);
  return results.map(({ probability, label }, i) => ({
    id: idOf(idsIn(spelled[i])) ?? context.predictionId(i),
    predictionId: context.predictionId(i),
    at: time,
    record: records[i],
    probability,
    label,
    version,
  }));
}

const isRounded = (value: unknown): boolean => typeof value === "number" && !Number.isSafeInteger(value);

/** Ids joined by a slash; null if one is missing. */
function idOf(ids: readonly unknown[]): string | null {
  const texts = ids.map((id) => (typeof id === "string" || typeof id === "number" ? String(id) : ""));
  return texts.includes("") ? null : textOf(texts.join("/"));
}
