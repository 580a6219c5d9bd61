import type { ScoredRecord } from "../../model/scoring/index.js";
import type { Sent } from "../bodies/index.js";
import type { ServedModel } from "../models/index.js";
import type { More, Scoring } from "../predict.js";
import type { PredictionIds } from "../prediction-id.js";
import type { Desk, Service } from "./service.js";

/**
 * Scores a batch whose records go to different variants: each record with its own, in the order in which they came. Every answer
 * says which version it is of, and each variant's records are handed on by themselves.
 */
export function splitScoring(
  { models, desk }: Service,
  { model, scoring }: Desk,
  name: string | undefined,
): { readonly scoring: Scoring; readonly more: More } {
  /** Models of the records that were scored and not yet handed on. */
  const given: ServedModel[] = [];
  const modelOf = new WeakMap<object, ServedModel>();

  function scoreRecords(records: readonly unknown[], { mostIssues = Infinity } = {}): ScoredRecord[] {
    const chosen = records.map((record) => models.choose(record, name) ?? model);
    given.push(...chosen);
    const results: ScoredRecord[] = [];
    let left = mostIssues;
    for (const one of new Set(chosen)) {
      const places = placesOf(chosen, one);
      const some = one.scorer.scoreRecords(
        places.map((place) => records[place]),
        { mostIssues: left },
      );
      for (const [i, result] of some.entries()) {
        const place = places[i] ?? 0;
        const record = records[place];
        results[place] = result;
        left -= result.issues.length;
        if (typeof record === "object" && record !== null) modelOf.set(record, one);
      }
    }
    return results;
  }
  function scored(sent: Sent, results: readonly ScoredRecord[], ids: PredictionIds): void {
    const chosen = given.splice(0);
    for (const one of new Set(chosen)) {
      const places = placesOf(chosen, one);
      const those = <T>(all: readonly T[]): T[] => places.flatMap((place) => all.slice(place, place + 1));
      desk(one).scoring.scored?.(
        {
          ...sent,
          bytes: Math.ceil((sent.bytes * places.length) / results.length),
          records: those(sent.records),
          exactRecords: (contract) => those(sent.exactRecords(contract)),
        },
        those(results),
        (index) => ids(places[index] ?? 0),
      );
    }
  }
  const { model_name, model_source } = desk(model).origin;
  return {
    scoring: {
      ...scoring,
      scorer: { ...scoring.scorer, scoreRecords },
      said: JSON.stringify({ model_name, model_source }).slice(1, -1),
      scored,
    },
    more(record) {
      const { version, variant } = (typeof record === "object" && record !== null && modelOf.get(record)) || model;
      return { model_version: version, ...(variant === undefined ? {} : { model_variant: variant }) };
    },
  };
}

const placesOf = (chosen: readonly ServedModel[], one: ServedModel): number[] =>
  chosen.flatMap((each, place) => (each === one ? [place] : []));
