import type { Contract } from "../contract/contract.js";
import { spellingsOf } from "../contract/spellings.js";

/** Most names of unknown keys that are reported. */
const mostExtras = 1000;

/** Counts which keys records hold: what a file's header says at once, records only say together. */
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

  /** Did any record have a value, or null, for this column? */
  has(column: string): boolean {
    return this.#met.has(column);
  }

  /** The contract's columns that were met, then other keys in the order in which they came. */
  names(): string[] {
    return [...this.#met, ...this.#extra];
  }

  /** Keys that the contract does not know. */
  extra(): string[] {
    return [...this.#extra];
  }
}
