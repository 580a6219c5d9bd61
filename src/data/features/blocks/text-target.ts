import { flag, list, literal, number, strictObject, text } from "../../../base/json/index.js";
import type { TextTargetBlock } from "../recipe.js";
import { readVocabulary, vectorizer, vocabularyLimits, type TextVector } from "../text/vocabulary.js";
import { eachPhrase, eachPiece, wordsOf } from "../text/words.js";
import type { BlockKind } from "./block.js";
import { limit } from "./numeric.js";

const weight = number(-1e6, 1e6);

/** The sum of the terms' weights times their TF-IDF. */
function sumOf({ size, indices, values }: TextVector, weights: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (values[k] as number) * (weights[indices[k] as number] as number);
  return sum;
}

export const textTargetKind: BlockKind<TextTargetBlock> = {
  takes: "texts",

  names: ({ input, indicator }) => [`${input} (words)`, ...(indicator ? [`${input} (missing)`] : [])],
  width: ({ indicator }) => (indicator ? 2 : 1),

  writer({ phrases, pieces, weights, bias, indicator }, _, texts) {
    const phrase = vectorizer(phrases);
    const piece = vectorizer(pieces);
    const ofPhrases = Float64Array.from(weights.slice(0, phrases.terms.length));
    const ofPieces = Float64Array.from(weights.slice(phrases.terms.length));
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const said = texts.of(values[i] as number);
        if (indicator) out[at + 1] = said === undefined ? 1 : 0;
        if (said === undefined) {
          out[at] = 0;
          continue;
        }
        const words = wordsOf(said);
        eachPhrase(words, phrase.add);
        eachPiece(words, piece.add);
        phrase.finish();
        piece.finish();
        const value = bias + sumOf(phrase.vector, ofPhrases) + sumOf(piece.vector, ofPieces);
        out[at] = value > limit ? limit : value < -limit ? -limit : value;
      }
    };
  },

  read(json) {
    const block = strictObject({
      kind: literal("textTarget"),
      input: text(),
      phrases: readVocabulary,
      pieces: readVocabulary,
      weights: list(weight, 2 * vocabularyLimits.terms),
      bias: weight,
      indicator: flag,
    })(json);
    if (block.weights.length !== block.phrases.terms.length + block.pieces.terms.length)
      throw json.get("weights").not("as many numbers as terms");
    return block;
  },
};
