import type { Range } from "../contract.js";

/** Distinct texts of one kind that are remembered. */
const rememberedTexts = 64;
const longestRemembered = 200;

/** Keeps the first distinct texts of a kind, in the order they came. */
export class Examples {
  readonly texts = new Set<string>();
  /** Whether a text could not be kept. */
  more = false;

  add(text: string): void {
    if (this.texts.size < rememberedTexts && text.length <= longestRemembered) this.texts.add(text);
    else if (!this.more && !this.texts.has(text)) this.more = true;
  }
}

/** Examples of a kind, with the number of cells of that kind. */
export class CountedExamples {
  count = 0;
  readonly examples = new Examples();

  add(text: string, by: number): void {
    this.count += by;
    this.examples.add(text);
  }
}

/** Count of numbers, how many are whole, and their limits. */
export class Spread {
  count = 0;
  integers = 0;
  #min = Infinity;
  #max = -Infinity;

  add(value: number, by: number): void {
    this.count += by;
    if (Number.isInteger(value)) this.integers += by;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /** Adds another's content. */
  join(other: Spread): void {
    this.count += other.count;
    this.integers += other.integers;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  get range(): Range {
    return { min: this.#min, max: this.#max };
  }
}
