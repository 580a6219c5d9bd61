const noop = (): undefined => undefined;

/** Runs work on one key one after the other, in the order in which it was asked for; other keys do not wait. */
export function keyedQueue(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work);
    const over: Promise<unknown> = turn.then(noop, noop).then(() => last.get(key) === over && last.delete(key));
    last.set(key, over);
    return turn;
  };
}

/**
 * Lets those who read one key at the same time share a read. A read never answers one who asked after it had begun, so
 * everybody still sees what was written before they asked.
 */
export function sharedReads<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const running = new Map<string, { readonly now: Promise<T>; next?: Promise<T> }>();
  const begin = (key: string): Promise<T> => {
    const now = read(key);
    const entry = { now };
    running.set(key, entry);
    const over = (): unknown => running.get(key) === entry && running.delete(key);
    now.then(over, over);
    return now;
  };
  return (key) => {
    const entry = running.get(key);
    if (entry === undefined) return begin(key);
    return (entry.next ??= entry.now.then(noop, noop).then(() => begin(key)));
  };
}
