import type { ScoredRecord } from "../../model/scoring/index.js";
import type { Sent } from "../bodies/index.js";
import type { ServedModel } from "../models/index.js";
import type { More, Scoring } from "../predict.js";
import type { PredictionIds } from "../prediction-id.js";
import type { PathParts } from "./route.js";
import { originHeaders, type Desk, type Service } from "./service.js";

/** How records are scored, and what is said with each score. */
export interface RecordScoring {
  readonly scoring: Scoring;
  /** Says in each answer which version it is of, where several may be. */
  readonly more: More | undefined;
  /** Model that scored a record. */
  readonly modelOf: (record: unknown) => ServedModel;
}

/** How a path's records are scored: by its model, or by each record's variant where the path names no version. */
export const scoringFor = (service: Service, found: Desk, { model, version }: PathParts): RecordScoring =>
  version === undefined && service.models.splits?.(model) === true
    ? splitScoring(service, found, model)
    : { scoring: found.scoring, more: undefined, modelOf: () => found.model };

/**
 * Scores a batch whose records go to different variants: each record with its own, in the order in which they came. Every answer
 * says which version it is of, and each variant's records are handed on by themselves.
 */
function splitScoring({ models, desk }: Service, { model, scoring }: Desk, name: string | undefined): RecordScoring {
  /** Models of the records that were scored and not yet handed on. */
  const given: ServedModel[] = [];
  const scoredBy = new WeakMap<object, ServedModel>();

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
        if (typeof record === "object" && record !== null) scoredBy.set(record, one);
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
  const modelOf = (record: unknown): ServedModel =>
    (typeof record === "object" && record !== null && scoredBy.get(record)) || model;
  const { model_name, model_source } = desk(model).origin;
  return {
    scoring: {
      ...scoring,
      scorer: { ...scoring.scorer, scoreRecords },
      originHeaders: originHeaders({ model_name, model_source }),
      said: JSON.stringify({ model_name, model_source }).slice(1, -1),
      scored,
    },
    more(record) {
      const { version, variant } = modelOf(record);
      return { model_version: version, ...(variant === undefined ? {} : { model_variant: variant }) };
    },
    modelOf,
  };
}

const placesOf = (chosen: readonly ServedModel[], one: ServedModel): number[] =>
  chosen.flatMap((each, place) => (each === one ? [place] : []));
