import { permutation } from "../../../../base/random.js";
import { mostCharacters } from "../../text/words.js";

/** Characters of the texts that a fit reads: about 15,000 reviews of 200. */
const mostRead = 3_000_000;

/** A text column over the training rows. */
export interface TextInput {
  readonly name: string;
  /** Codes in `texts`, -1 for missing. */
  readonly codes: Int32Array;
  readonly texts: readonly string[];
}

/** Draws rows that have a text, in a seeded order, as many as a fit reads; returns them in the table's order. */
export function drawTexts({ codes, texts }: TextInput, seed: number): Uint32Array {
  const drawn: number[] = [];
  let characters = 0;
  for (const row of permutation(codes.length, seed)) {
    const text = texts[codes[row] as number];
    if (text === undefined) continue;
    characters += Math.min(text.length, mostCharacters);
    if (characters > mostRead) break;
    drawn.push(row);
  }
  return Uint32Array.from(drawn).sort();
}
