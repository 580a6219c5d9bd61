import { flag, literal, strictObject, text } from "../../../base/json/index.js";
import type { TfidfBlock } from "../recipe.js";
import { readVocabulary, vectorizer } from "../text/vocabulary.js";
import { eachPhrase, wordsOf } from "../text/words.js";
import type { BlockKind } from "./block.js";

export const tfidfKind: BlockKind<TfidfBlock> = {
  takes: "texts",

  names: ({ input, phrases, indicator }) => [
    ...phrases.terms.map((term) => `${input}: ${term}`),
    ...(indicator ? [`${input} (missing)`] : []),
  ],
  width: ({ phrases, indicator }) => phrases.terms.length + (indicator ? 1 : 0),

  writer({ phrases, indicator }, _, texts) {
    const { vector, add, finish } = vectorizer(phrases);
    const width = phrases.terms.length;
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const said = texts.of(values[i] as number);
        out.fill(0, at, at + width);
        if (indicator) out[at + width] = said === undefined ? 1 : 0;
        if (said === undefined) continue;
        eachPhrase(wordsOf(said), add);
        finish();
        for (let k = 0; k < vector.size; k++) out[at + (vector.indices[k] as number)] = vector.values[k] as number;
      }
    };
  },

  read: strictObject({ kind: literal("tfidf"), input: text(), phrases: readVocabulary, indicator: flag }),
};
