import { hasher } from "../../base/hash.js";
import { canonicalJson } from "../../base/json/index.js";
import type { LabeledMatrix } from "./learner.js";

/** The name under which a training's checkpoints are kept: it depends on the settings and on every row. */
export function trainingKey(settings: object, data: readonly (LabeledMatrix | undefined)[]): string {
  const hash = hasher().update(canonicalJson(settings));
  for (const part of data) {
    for (const numbers of [
      part?.matrix,
      part?.labels,
      part?.rowWeights,
      part?.targets,
      part?.classes?.codes,
      part?.strata,
    ])
      if (numbers) hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }
  return hash.hex().slice(0, 16);
}
