const digits = /^\d+$/;

/** Share of whole numbers with a leading zero, or too long to be exact, from which a column holds codes. */
const manyOdd = 0.1;
/**
 * From this many digits on, numbers of one length are codes if any begins with a zero: 01234 is a postcode, 07 may be
 * a 7.
 */
const codeLength = 4;

/**
 * Distinguishes codes written in digits (postcodes, phone numbers) from quantities, some with an extra zero in front.
 */
export class Codes {
  #count = 0;
  #long = 0;
  #shortest = Infinity;
  #longest = 0;
  #zeros = 0;
  #example: string | undefined;

  /** Adds a number without a point, `by` times. */
  add(text: string, value: number, by: number): void {
    this.#count += by;
    if (text.length < this.#shortest) this.#shortest = text.length;
    if (text.length > this.#longest) this.#longest = text.length;
    const zero = text.length > 1 && text.charCodeAt(0) === 48 && digits.test(text);
    const long = !Number.isSafeInteger(value) && digits.test(text);
    if (zero) this.#zeros += by;
    if (long) this.#long += by;
    if ((zero || long) && this.#example === undefined) this.#example = text;
  }

  get leadingZeros(): { readonly count: number; readonly example: string | undefined } {
    return { count: this.#zeros, example: this.#example };
  }

  /**
   * Returns why the column's whole numbers are codes; undefined if they are quantities. Every number of the column is
   * whole.
   */
  conclude(known: number): string | undefined {
    const shown = JSON.stringify((this.#example ?? "").slice(0, 40));
    if (this.#long >= manyOdd * known && this.#long > 0)
      return `many of its whole numbers have too many digits to be exact, such as ${shown}`;
    if (this.#zeros === 0) return undefined;
    const oneLength = this.#shortest === this.#longest && this.#shortest >= codeLength;
    if (!oneLength && this.#zeros < manyOdd * known) return undefined;
    return `${this.#zeros} of its ${this.#count} whole numbers start with a zero, such as ${shown}`;
  }
}
