const noop = (): undefined => undefined;

/** Runs the work of one key in order, one at a time; other keys do not wait. */
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
 * Lets callers that read one key at the same time share a read. A read never answers a caller that asked after it
 * began, so every caller still sees what was written before it asked.
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
