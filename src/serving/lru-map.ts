/** A map of bounded size. */
export interface LruMap<V> {
  /** The value of a key, which then counts as just used. */
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  readonly size: number;
}

/** A map that drops the entry used longest ago when it would hold more than `most`. */
export function lruMap<V>(most: number): LruMap<V> {
  // A Map keeps its keys in the order in which they were set: the first is the one used longest ago.
  const entries = new Map<string, V>();
  const place = (key: string, value: V): void => {
    entries.delete(key);
    entries.set(key, value);
  };
  return {
    get(key) {
      const value = entries.get(key);
      if (value !== undefined) place(key, value);
      return value;
    },
    set(key, value) {
      place(key, value);
      if (entries.size <= most) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        return;
      }
    },
    get size() {
      return entries.size;
    },
  };
}
