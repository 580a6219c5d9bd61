/** Mapping of keys to columns: an accent is one character (NFC) or two (NFD), and systems write either. */
export interface Spellings {
  /** Maps each key to the column that it names. */
  readonly columns: ReadonlyMap<string, string>;
  /** Other names of a column, usually none. */
  others(column: string): readonly string[];
}

/** Returns the spellings of these columns' names. An exact name wins over another's spelling. */
export function spellingsOf(names: readonly string[]): Spellings {
  const columns = new Map(names.map((name) => [name, name]));
  const others = new Map<string, string[]>();
  for (const name of names) {
    const free = [name.normalize("NFC"), name.normalize("NFD")].filter((spelling) => !columns.has(spelling));
    if (free.length > 0) others.set(name, free);
    for (const spelling of free) columns.set(spelling, name);
  }
  return { columns, others: (column) => others.get(column) ?? none };
}

const none: readonly string[] = [];

/** Returns a record's value for a column: under its own key of that name, or under another spelling. */
export function memberNamed(
  record: Readonly<Record<string, unknown>>,
  name: string,
  others: readonly string[],
): unknown {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  if (value !== undefined || others.length === 0) return value;
  const spelling = others.find((other) => record[other] !== undefined);
  return spelling === undefined ? undefined : record[spelling];
}
