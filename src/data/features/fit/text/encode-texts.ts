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

  const ofPhrases = vectorizer(phrases, eachPhrase);
  const ofPieces = vectorizer(pieces, eachPiece, phrases.terms.length);
  const width = phrases.terms.length + pieces.terms.length;
  const starts = new Uint32Array(rows.length + 1);
  const total = [phrases, pieces].reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0);
  let indices = new Int32Array(total);
  let values = new Float32Array(total);
  let at = 0;
  const put = (column: number, value: number): void => {
    // A term that the counter had forgotten for a while is in more rows than its count says.
    if (at === indices.length) {
      indices = enlarged(indices, new Int32Array(2 * at + 1));
      values = enlarged(values, new Float32Array(2 * at + 1));
    }
    indices[at] = column;
    values[at++] = value;
  };
  rows.forEach((row, i) => {
    const words = wordsIn(row);
    ofPhrases(words, put);
    ofPieces(words, put);
    starts[i + 1] = at;
  });
  return { phrases, pieces, matrix: { width, starts, indices, values } };
}

function enlarged<T extends Int32Array | Float32Array>(full: T, larger: T): T {
  larger.set(full);
  return larger;
}
