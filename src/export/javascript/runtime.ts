import { encodersOf } from "../../data/features/index.js";
import { plainScorer, recordScorer, type ScoredRecord } from "../../model/scoring/index.js";
import type { ModuleData } from "./javascript.js";
import { unpackModel } from "./packed-model.js";

/**
 * What a scorer's module calls with the text of its {@link ModuleData}. scripts/build-scorer.mjs puts this file, with all that
 * it imports, into the text that each module begins with: it is the library's own code, so its answers are the library's.
 */
export function scorerOf(json: string): (record: unknown) => ScoredRecord {
  // oxlint-disable-next-line no-restricted-properties -- not from outside: it is the module's own text
  const { model, ...artifact } = JSON.parse(json) as ModuleData;
  const encoders = encodersOf(artifact.recipe, artifact.contract, () => false);
  const scorer = recordScorer(artifact, encoders, plainScorer(unpackModel(model)));
  return (record) => scorer.scoreRecord(record);
}
