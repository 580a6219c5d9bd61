import { count, flag, literal, number, numbers, strictObject, text, texts, where } from "../../../base/json/index.js";
import type { TextBlock } from "../recipe.js";
import { type Vocabulary, vectorizer } from "../text/vocabulary.js";
import { eachPhrase, eachPiece, longestTerm, wordsOf } from "../text/words.js";
import { blockLimits, type BlockKind } from "./block.js";
import { limit } from "./numeric.js";

const termsIn = ({ phrases, pieces }: TextBlock): number => phrases.terms.length + pieces.terms.length;
const columnsIn = (block: TextBlock): number => (block.weights.length > 0 ? 1 : termsIn(block));

const vocabulary = strictObject({
  rows: count(),
  terms: texts(blockLimits.list, longestTerm),
  counts: numbers(blockLimits.list),
});

const fits = ({ rows, terms, counts }: Vocabulary): boolean =>
  counts.length === terms.length &&
  counts.every((having) => having >= 1 && having <= rows) &&
  new Set(terms).size === terms.length;

export const textKind: BlockKind<TextBlock> = {
  takes: "text",

  width: (block) => columnsIn(block) + (block.indicator ? 1 : 0),

  writer(block, _, source) {
    const { phrases, pieces, weights, bias, indicator } = block;
    const width = columnsIn(block);
    const vectors = [vectorizer(phrases, eachPhrase), vectorizer(pieces, eachPiece, phrases.terms.length)];
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const said = source.texts[values[i] as number];
        out.fill(0, at, at + width);
        if (indicator) out[at + width] = said === undefined ? 1 : 0;
        if (said === undefined) continue;
        const words = wordsOf(said);
        let sum = bias;
        for (const vector of vectors) {
          vector(words, (place, value) => {
            if (weights.length === 0) out[at + place] = value;
            else sum += value * (weights[place] as number);
          });
        }
        if (weights.length > 0) out[at] = Math.max(-limit, Math.min(limit, sum));
      }
    };
  },

  read: where(
    strictObject({
      kind: literal("text"),
      input: text(),
      phrases: vocabulary,
      pieces: vocabulary,
      weights: numbers(2 * blockLimits.list),
      bias: number(),
      indicator: flag,
    }),
    (block) =>
      fits(block.phrases) &&
      fits(block.pieces) &&
      (block.weights.length === 0 || block.weights.length === termsIn(block)) &&
      [block.bias, ...block.weights].every((weight) => Math.abs(weight) <= 1e6),
    "different terms, each with a count up to `rows` and, if any has one, a weight up to 1e6",
  ),
};
