/**
 * The known labels of one category input, each with its code. The contract's labels come first, so that a table whose
 * dictionary is the contract's needs no translation. While an encoder is built, labels that only a block or a
 * parameter names are added after them.
 */
export class LevelIndex {
  readonly labels: string[] = [];
  readonly #codes = new Map<string, number>();

  constructor(labels: Iterable<string>) {
    for (const label of labels) this.add(label);
  }

  /** Returns the code of a label, or -1 if it is unknown. */
  codeOf(label: string): number {
    return this.#codes.get(label) ?? -1;
  }

  /** Returns the code of a label, and adds a new one. */
  add(label: string): number {
    const known = this.#codes.get(label);
    if (known !== undefined) return known;
    const code = this.labels.length;
    this.labels.push(label);
    this.#codes.set(label, code);
    return code;
  }
}
