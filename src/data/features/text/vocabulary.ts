import { count, numbers, strictObject, texts, type Decoder } from "../../../base/json/index.js";
import { log } from "../../../base/elementary.js";

/** Terms that a block knows, and in how many training rows each occurs. */
export interface Vocabulary {
  /** Training rows that had a text. */
  readonly rows: number;
  readonly terms: readonly string[];
  readonly counts: readonly number[];
}

/** Most terms of a vocabulary, and characters of a term. */
export const vocabularyLimits = { terms: 100_000, characters: 100 } as const;

const fields = strictObject({
  rows: count(),
  terms: texts(vocabularyLimits.terms, vocabularyLimits.characters),
  counts: numbers(vocabularyLimits.terms),
});

/** Reads a vocabulary from untrusted JSON. */
export const readVocabulary: Decoder<Vocabulary> = (json) => {
  const vocabulary = fields(json);
  const { rows, terms, counts } = vocabulary;
  if (new Set(terms).size !== terms.length) throw json.get("terms").not("different terms");
  const fits = (of: number): boolean => Number.isInteger(of) && of >= 1 && of <= rows;
  if (counts.length !== terms.length || !counts.every(fits)) {
    throw json.get("counts").not(`for each term a whole number from 1 to ${rows}`);
  }
  return vocabulary;
};

/** The terms of one text that a vocabulary knows: `size` of them, by index, each with its weight. */
export interface TextVector {
  size: number;
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** Turns the terms of one text after the other into the same vector. */
export interface Vectorizer {
  readonly vector: TextVector;
  /** Counts a term of the text. */
  readonly add: (term: string) => void;
  /** Ends the text: the vector now has its terms, in the order in which they first occur. */
  readonly finish: () => void;
}

/**
 * TF-IDF as in scikit-learn with `sublinear_tf`: 1 + log(times in the text), times log((1 + rows) / (1 + rows with the
 * term)) + 1, and the vector scaled to length 1.
 */
export function vectorizer({ rows, terms, counts }: Vocabulary): Vectorizer {
  const places = new Map(terms.map((term, place) => [term, place]));
  const rarity = Float64Array.from(counts, (having) => log((1 + rows) / (1 + having)) + 1);
  const times = new Int32Array(terms.length);
  const vector: TextVector = { size: 0, indices: new Int32Array(terms.length), values: new Float64Array(terms.length) };
  const { indices, values } = vector;
  let met = 0;
  return {
    vector,
    add(term) {
      const place = places.get(term);
      if (place === undefined) return;
      if (times[place] === 0) indices[met++] = place;
      times[place] = (times[place] as number) + 1;
    },
    finish() {
      let squares = 0;
      for (let i = 0; i < met; i++) {
        const place = indices[i] as number;
        const value = (1 + log(times[place] as number)) * (rarity[place] as number);
        values[i] = value;
        squares += value * value;
        times[place] = 0;
      }
      const length = Math.sqrt(squares);
      for (let i = 0; i < met; i++) values[i] = (values[i] as number) / length;
      vector.size = met;
      met = 0;
    },
  };
}
