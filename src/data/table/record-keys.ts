import type { Contract } from "../contract/contract.js";
import { spellingsOf } from "../contract/spellings.js";

/** Limit on the names of unknown keys that are reported. */
const mostExtras = 1000;

/** Counts the keys of records: a file's header has them all at once, records only together. */
export class RecordKeys {
  readonly #known: ReadonlyMap<string, string>;
  readonly #met = new Set<string>();
  readonly #extra = new Set<string>();

  constructor(contract: Contract) {
    this.#known = spellingsOf(contract.columns.map(({ name }) => name)).columns;
  }

  /** Looks at one record; a value that is not a record has no keys. */
  note(record: unknown): void {
    if (typeof record !== "object" || record === null || Array.isArray(record)) return;
    for (const key of Object.keys(record)) {
      const column = this.#known.get(key);
      if (column === undefined) {
        if (this.#extra.size < mostExtras) this.#extra.add(key);
      } else if ((record as Readonly<Record<string, unknown>>)[key] !== undefined) this.#met.add(column);
    }
  }

  /** Returns whether any record had a value, or null, for this column. */
  has(column: string): boolean {
    return this.#met.has(column);
  }

  /** Returns the contract's columns found, then other keys in order of appearance. */
  names(): string[] {
    return [...this.#met, ...this.#extra];
  }

  /** Keys that the contract does not know. */
  extra(): string[] {
    return [...this.#extra];
  }
}
