import type { ObjectStore } from "../../../src/io/store/object-store.js";

/** What happens to one call, and to those after it. */
export type Fault =
  /** The call is made, and the process is killed before its answer comes. */
  | "killed"
  /** The connection breaks before the call is made; the process lives. */
  | "reset"
  /** The call is made, the answer is lost; the process lives. */
  | "lost";

/** Counts calls to the server and to the ledger as one sequence, and lets the one of a number meet a fault. */
export interface Faulty {
  readonly fetch: typeof fetch;
  readonly store: ObjectStore;
  /** Calls so far. */
  calls(): number;
}

export function faulty(real: typeof fetch, realStore: ObjectStore, fault: Fault, at: number): Faulty {
  let calls = 0;
  async function meet<T>(call: () => Promise<T>, isStore: boolean): Promise<T> {
    const number = calls++;
    const killed = fault === "killed";
    // What a store does about lost answers is the store's business.
    if (number < at || (!killed && (number > at || isStore))) return call();
    if (number === at && fault !== "reset") await call();
    throw new TypeError("fetch failed", { cause: Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }) });
  }
  return {
    calls: () => calls,
    fetch: (input, init) => meet(() => real(input, init), false),
    store: {
      ...realStore,
      get: (key) => meet(() => realStore.get(key), true),
      put: (key, bytes, options) => meet(() => realStore.put(key, bytes, options), true),
      delete: (key) => meet(() => realStore.delete(key), true),
    },
  };
}
