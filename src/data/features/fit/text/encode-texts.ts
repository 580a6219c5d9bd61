import { vectorizer, type Vocabulary } from "../../text/vocabulary.js";
import { eachPhrase, eachPiece, wordsOf } from "../../text/words.js";
import { leastRows, termCounter } from "./count-terms.js";
import type { TextInput } from "./draw-texts.js";
import type { SparseRows } from "./fit-sparse.js";

const mostPhrases = 10_000;
const mostPieces = 20_000;

/** Rows as TF-IDF of their phrases, in the first columns, and of their pieces. */
export interface EncodedTexts {
  readonly phrases: Vocabulary;
  readonly pieces: Vocabulary;
  readonly matrix: SparseRows;
}

/** Fits the vocabularies on some rows, and encodes these rows. */
export function encodeTexts({ codes, texts }: TextInput, rows: Uint32Array): EncodedTexts {
  const wordsIn = (row: number): string[] => wordsOf(texts[codes[row] as number] ?? "");
  const counters = [termCounter(), termCounter()] as const;
  for (const row of rows) {
    const words = wordsIn(row);
    eachPhrase(words, counters[0].add);
    eachPiece(words, counters[1].add);
    for (const counter of counters) counter.finish();
  }
  const phrases = counters[0].vocabulary(leastRows, mostPhrases);
  const pieces = counters[1].vocabulary(leastRows, mostPieces);

  const vectorizers = [vectorizer(phrases), vectorizer(pieces)] as const;
  const starts = new Uint32Array(rows.length + 1);
  const total = [phrases, pieces].reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0);
  const matrix = {
    width: phrases.terms.length + pieces.terms.length,
    starts,
    indices: new Int32Array(total),
    values: new Float32Array(total),
  };
  let at = 0;
  rows.forEach((row, i) => {
    const words = wordsIn(row);
    eachPhrase(words, vectorizers[0].add);
    eachPiece(words, vectorizers[1].add);
    vectorizers.forEach(({ vector, finish }, part) => {
      finish();
      for (let k = 0; k < vector.size; k++) {
        matrix.indices[at] = (vector.indices[k] as number) + (part === 0 ? 0 : phrases.terms.length);
        matrix.values[at++] = vector.values[k] as number;
      }
    });
    starts[i + 1] = at;
  });
  return { phrases, pieces, matrix };
}
