import { kindOf } from "../../blocks/kinds.js";
import type { TextEncoding } from "../../policy.js";
import type { FeatureBlock, Recipe } from "../../recipe.js";
import type { TargetClass } from "../fit-values.js";
import { dropped, type Fitted } from "../candidate.js";
import type { TextInput } from "./draw-texts.js";
import { fitTextTarget, type FittedTextTarget } from "./fit-text-target.js";
import { fitTfidf } from "./fit-tfidf.js";

/** Fits the texts of a table, each once however often it is asked for. */
export class TextFitting {
  readonly #target: readonly TargetClass[] | undefined;
  readonly #seed: number;
  readonly #fitted = new Map<string, Fitted>();
  readonly #targets = new Map<FeatureBlock, FittedTextTarget>();

  /** @param target undefined if the table has no target. */
  constructor(target: readonly TargetClass[] | undefined, seed: number) {
    this.#target = target;
    this.#seed = seed;
  }

  fit(input: TextInput, encode: TextEncoding): Fitted {
    const { name, codes } = input;
    let fitted = this.#fitted.get(name);
    if (fitted === undefined) {
      const missing = codes.every((code) => code < 0);
      fitted = missing ? dropped(name, "it is missing in every training row") : this.#fit(input, encode);
      this.#fitted.set(name, fitted);
    }
    return fitted;
  }

  #fit(input: TextInput, encode: TextEncoding): Fitted {
    const { name } = input;
    if (encode === "tfidf" || (encode === "auto" && this.#target === undefined)) return fitTfidf(input, this.#seed);
    if (this.#target === undefined) return dropped(name, "the table has no target");
    const fitted = fitTextTarget(input, this.#target, this.#seed);
    if (typeof fitted === "string") return dropped(name, fitted);
    this.#targets.set(fitted.block, fitted);
    return { candidates: [{ block: fitted.block, flags: undefined }], notes: [] };
  }

  /** Replaces what the blocks say about the rows that they were fitted on by what other rows say. */
  crossFit({ blocks }: Recipe, matrix: Float32Array, width: number): void {
    let offset = 0;
    for (const block of blocks) {
      const { rows, columns } = this.#targets.get(block) ?? {};
      columns?.forEach((values, column) => {
        rows?.forEach((row, i) => (matrix[row * width + offset + column] = values[i] as number));
      });
      offset += kindOf(block).width(block);
    }
  }
}
