import { log } from "../../../base/elementary.js";

/** Terms, and in how many training rows each occurs. */
export interface Vocabulary {
  /** Training rows that had a text. */
  readonly rows: number;
  readonly terms: readonly string[];
  readonly counts: readonly number[];
}

/** Calls `use` with each known term of a text, by its place in the vocabulary, and its value. */
export type TextVector = (words: readonly string[], use: (place: number, value: number) => void) => void;

/**
 * TF-IDF as in scikit-learn with `sublinear_tf`: 1 + log(times in the text), times log((1 + rows) / (1 + rows with the
 * term)) + 1, and all values scaled to a sum of squares of 1.
 *
 * @param eachTerm finds the terms in the words of a text.
 * @param first added to every place.
 */
export function vectorizer(
  { rows, terms, counts }: Vocabulary,
  eachTerm: (words: readonly string[], each: (term: string) => void) => void,
  first = 0,
): TextVector {
  const places = new Map(terms.map((term, place) => [term, place]));
  const rarity = counts.map((having) => log((1 + rows) / (1 + having)) + 1);
  const times = new Int32Array(terms.length);
  return (words, use) => {
    const met: number[] = [];
    eachTerm(words, (term) => {
      const place = places.get(term);
      if (place === undefined) return;
      if (times[place] === 0) met.push(place);
      times[place] = (times[place] as number) + 1;
    });
    let squares = 0;
    const values = met.map((place) => {
      const value = (1 + log(times[place] as number)) * (rarity[place] as number);
      times[place] = 0;
      squares += value * value;
      return value;
    });
    const length = Math.sqrt(squares);
    met.forEach((place, i) => use(first + place, (values[i] as number) / length));
  };
}
