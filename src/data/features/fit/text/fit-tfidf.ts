import type { Vocabulary } from "../../text/vocabulary.js";
import { eachPhrase, wordsOf } from "../../text/words.js";
import { dropped, type Fitted } from "../candidate.js";
import { leastRows, termCounter } from "./count-terms.js";
import { drawTexts, type TextInput } from "./draw-texts.js";

/** Most columns of one text, and numbers of its part of the matrix: 256 MB. */
const mostColumns = 2_000;
const mostNumbers = 64_000_000;

/** The words and pairs of words that get a column. */
function phrasesOf({ codes, texts }: TextInput, rows: Uint32Array): Vocabulary {
  const counter = termCounter();
  for (const row of rows) {
    eachPhrase(wordsOf(texts[codes[row] as number] ?? ""), counter.add);
    counter.finish();
  }
  const most = Math.min(mostColumns, Math.max(1, Math.floor(mostNumbers / codes.length)));
  return counter.vocabulary(leastRows, most);
}

/** Fits a text as TF-IDF of its most frequent words and pairs of words. */
export function fitTfidf(input: TextInput, seed: number): Fitted {
  const { name, codes } = input;
  const rows = drawTexts(input, seed);
  const phrases = phrasesOf(input, rows);
  if (phrases.terms.length === 0) return dropped(name, `none of its words is in ${leastRows} training rows`);
  const pieces = { rows: phrases.rows, terms: [], counts: [] };
  const indicator = codes.includes(-1);
  const block = { kind: "text", input: name, phrases, pieces, weights: [], bias: 0, indicator } as const;
  return { candidates: [{ block, flags: undefined }], notes: [] };
}
