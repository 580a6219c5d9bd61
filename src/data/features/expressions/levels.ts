/**
 * The labels that one category input is known by, each with its code. The contract's labels come first, so that a table
 * whose dictionary is the contract's needs no translation; labels that only a block or a parameter names are added
 * behind them while an encoder is built.
 */
export class LevelIndex {
  readonly labels: string[] = [];
  readonly #codes = new Map<string, number>();

  constructor(labels: Iterable<string>) {
    for (const label of labels) this.add(label);
  }

  /** The code of a label, or -1 where it is not known. */
  codeOf(label: string): number {
    return this.#codes.get(label) ?? -1;
  }

  /** The code of a label, which is added where it is new. */
  add(label: string): number {
    const known = this.#codes.get(label);
    if (known !== undefined) return known;
    const code = this.labels.length;
    this.labels.push(label);
    this.#codes.set(label, code);
    return code;
  }
}
