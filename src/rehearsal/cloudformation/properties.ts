/** The properties of a resource, which remember what was read. */
export class Properties {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();
  readonly #inner = new Map<string, Properties>();

  constructor(json: Readonly<Record<string, unknown>>) {
    this.#json = json;
  }

  /** The value of a property, with all that is in it. */
  take(name: string): unknown {
    this.#read.add(name);
    return this.#json[name];
  }

  /** The text of a property, or what stands for it. */
  text(name: string, otherwise = ""): string {
    const value = this.take(name);
    return value === undefined ? otherwise : typeof value === "string" ? value : JSON.stringify(value);
  }

  /** The members of a property, of which each must be read too. */
  object(name: string): Properties | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    const inner = this.#inner.get(name) ?? new Properties(value as Record<string, unknown>);
    this.#inner.set(name, inner);
    return inner;
  }

  /** The items of a property, of which each member must be read too. */
  items(name: string): readonly Properties[] {
    const values = (this.take(name) ?? []) as readonly Record<string, unknown>[];
    return values.map((value, i) => {
      const path = `${name}[${i}]`;
      const item = this.#inner.get(path) ?? new Properties(value);
      this.#inner.set(path, item);
      return item;
    });
  }

  /** The properties of these names that are there. */
  some(...names: readonly string[]): Record<string, unknown> {
    const given = names.map((name) => [name, this.take(name)] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== undefined));
  }

  /** All that are left, for a call that takes them as they are and refuses what it does not know. */
  rest(): Record<string, unknown> {
    return this.some(...Object.keys(this.#json).filter((name) => !this.#read.has(name)));
  }

  /** Paths of the properties that nobody read. */
  unread(): string[] {
    return [
      ...Object.keys(this.#json).filter((name) => !this.#read.has(name)),
      ...[...this.#inner].flatMap(([name, inner]) => inner.unread().map((path) => `${name}.${path}`)),
    ];
  }
}
