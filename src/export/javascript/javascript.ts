import { version } from "../../base/version.js";
import { runtimeText } from "../build/runtime-text.js";
import type { Exported } from "../exported.js";
import { packModel, type PackedModel } from "./packed-model.js";

/** What a module holds as JSON. */
export interface ModuleData extends Omit<Exported, "model"> {
  readonly model: PackedModel;
}

/**
 * Writes a model as one JavaScript module without imports, for browsers, workers and edge functions. It exports
 * `score(record)`, which answers as `scoreRecord` of a scorer does, to the same bits: it is the library's own code, with the
 * kernel's arithmetic in JavaScript.
 *
 * @param options.int8 rounds the weights of networks to 8 bits, with a scale for each unit: a third of the size, and scores
 * that differ by a few thousandths. Default false.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { toJavaScript } from "churnkit/export";
 * import { logistic, train } from "churnkit/model";
 *
 * const { records } = syntheticCustomers({ rows: 400, seed: 1 });
 * const table = tableFromRecords(syntheticContract, records);
 * const model = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * const text = toJavaScript(model.artifact);
 * const { score } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
 * console.assert(score(records[0]).probability === model.scorer.scoreRecord(records[0]).probability);
 * ```
 */
export function toJavaScript(artifact: Exported, options: { readonly int8?: boolean } = {}): string {
  const { contract, recipe, calibration, decision } = artifact;
  const model = packModel(artifact.model, options.int8 ?? false);
  const data: ModuleData = { contract, recipe, calibration, decision, model };
  return `// A model's scorer, written by churnkit ${version}: score(record) gives { probability, label, issues }.
${runtimeText}
export const score = churnkit.scorerOf(${literal(JSON.stringify(data))});
`;
}

/** A string literal that is also safe within a page's script element. */
const literal = (text: string): string =>
  JSON.stringify(text).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
