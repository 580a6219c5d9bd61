import {
  count,
  flag,
  list,
  literal,
  number,
  numbers,
  optional,
  strictObject,
  text,
  texts,
  where,
} from "../../../base/json/index.js";
import { mostClasses } from "../../table/labels.js";
import type { TextBlock, TextWeights } from "../recipe.js";
import { type Vocabulary, vectorizer } from "../text/vocabulary.js";
import { eachPhrase, eachPiece, longestTerm, wordsOf } from "../text/words.js";
import { blockLimits, type BlockKind } from "./block.js";
import { limit } from "./numeric.js";

const termsIn = ({ phrases, pieces }: TextBlock): number => phrases.terms.length + pieces.terms.length;
/** The columns that are sums of weights; none where each term has a column. */
export const weightsIn = (block: TextBlock): readonly TextWeights[] =>
  block.weights.length > 0 ? [block, ...(block.others ?? [])] : [];
const columnsIn = (block: TextBlock): number => weightsIn(block).length || termsIn(block);

const vocabulary = strictObject({
  rows: count(),
  terms: texts(blockLimits.list, longestTerm),
  counts: numbers(blockLimits.list),
});

const ofClass = { weights: numbers(2 * blockLimits.list), bias: number(), of: optional(text()) };

const fits = ({ rows, terms, counts }: Vocabulary): boolean =>
  counts.length === terms.length &&
  counts.every((having) => having >= 1 && having <= rows) &&
  new Set(terms).size === terms.length;

export const textKind: BlockKind<TextBlock> = {
  takes: "text",

  width: (block) => columnsIn(block) + (block.indicator ? 1 : 0),

  writer(block, _, source) {
    const { phrases, pieces, indicator } = block;
    const width = columnsIn(block);
    const columns = weightsIn(block);
    const sums = new Float64Array(columns.length);
    const vectors = [vectorizer(phrases, eachPhrase), vectorizer(pieces, eachPiece, phrases.terms.length)];
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const said = source.texts[values[i] as number];
        out.fill(0, at, at + width);
        if (indicator) out[at + width] = said === undefined ? 1 : 0;
        if (said === undefined) continue;
        const words = wordsOf(said);
        columns.forEach(({ bias }, column) => (sums[column] = bias));
        for (const vector of vectors) {
          vector(words, (place, value) => {
            if (columns.length === 0) out[at + place] = value;
            for (let column = 0; column < columns.length; column++) {
              const weight = columns[column]?.weights[place] as number;
              sums[column] = (sums[column] as number) + value * weight;
            }
          });
        }
        sums.forEach((sum, column) => (out[at + column] = Math.max(-limit, Math.min(limit, sum))));
      }
    };
  },

  read: where(
    strictObject({
      kind: literal("text"),
      input: text(),
      phrases: vocabulary,
      pieces: vocabulary,
      ...ofClass,
      others: optional(list(strictObject(ofClass), mostClasses)),
      indicator: flag,
    }),
    (block) =>
      fits(block.phrases) &&
      fits(block.pieces) &&
      (block.weights.length > 0 || block.others === undefined) &&
      weightsIn(block).every(
        ({ weights, bias }) =>
          weights.length === termsIn(block) && [bias, ...weights].every((weight) => Math.abs(weight) <= 1e6),
      ),
    "different terms, each with a count up to `rows` and, if any has one, a weight up to 1e6",
  ),
};
