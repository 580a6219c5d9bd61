import { expect } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";

/** How a call fails: by a rejection, by throwing before there is a promise, or by a rejection some milliseconds later. */
export const failures = ["rejects", "throws", "rejects late"] as const;

/** What a broken driver throws: an error of its own, without a code. */
export const broken = new Error("the disk caught fire");

export interface Counted<T> {
  readonly target: T;
  /** Calls of its methods so far, with each part of a stream that was read. */
  readonly calls: () => number;
}

/** Something whose `at`-th call fails (from 1), and where `lasting` every later one too. `Infinity` only counts. */
export function failing<T extends object>(
  target: T,
  at: number,
  how: (typeof failures)[number] = "rejects",
  lasting = false,
): Counted<T> {
  let calls = 0;
  const fails = (): boolean => (lasting ? ++calls >= at : ++calls === at);
  async function* parts(stream: AsyncIterable<unknown>): AsyncGenerator {
    for await (const part of stream) {
      if (fails()) throw broken;
      yield part;
    }
  }
  const called = async (result: unknown): Promise<unknown> => {
    const value = await result;
    return typeof value === "object" && value !== null && "stream" in value
      ? { ...value, stream: parts(value.stream as AsyncIterable<unknown>) }
      : value;
  };
  const faulty = new Proxy(target, {
    get(all, name) {
      const member: unknown = Reflect.get(all, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (!fails()) {
          const result: unknown = Reflect.apply(member, all, args);
          return result instanceof Promise ? called(result) : result;
        }
        if (how === "throws") throw broken;
        return how === "rejects"
          ? Promise.reject(broken)
          : new Promise((_, reject) => setTimeout(() => reject(broken), 3));
      };
    },
  });
  return { target: faulty, calls: () => calls };
}

/** Does some work; gives what nobody observed meanwhile, and the threads that it left running. */
export async function leftBehind(work: () => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  const threads = new Set<object>();
  const onRejection = (reason: unknown): void => void found.push(`unhandled rejection: ${String(reason)}`);
  const onException = (error: unknown): void => void found.push(`uncaught exception: ${String(error)}`);
  const onWorker = (worker: { once(event: "exit", then: () => void): unknown }): void => {
    threads.add(worker);
    worker.once("exit", () => threads.delete(worker));
  };
  process.on("unhandledRejection", onRejection).on("uncaughtException", onException).on("worker", onWorker);
  try {
    await work();
    const left = [...threads].map(() => "a thread is still running");
    // Rejections are told of after the microtasks, those of late calls some milliseconds later.
    await new Promise((resolve) => setTimeout(resolve, 10));
    return [...found, ...left];
  } finally {
    process.off("unhandledRejection", onRejection).off("uncaughtException", onException).off("worker", onWorker);
  }
}

/**
 * Fails the first call of a port, then the second and so on, in every way, until the work needs no more of them.
 *
 * @param attempt the work on a faulty port.
 * @param ways how the calls fail; a port that answers at once cannot reject.
 */
export async function everyCall<T extends object>(
  make: () => Promise<T>,
  attempt: (faulty: T, sound: T) => Promise<unknown>,
  ways: readonly (typeof failures)[number][] = failures,
): Promise<void> {
  for (let at = 1, calls = Infinity; at <= calls; at++) {
    for (const how of ways) {
      const sound = await make();
      const port = failing(sound, at, how);
      expect(await leftBehind(() => attempt(port.target, sound)), `call ${at} ${how}`).toEqual([]);
      calls = port.calls();
    }
  }
}

/** What a failed call ended with; undefined where it went on. */
export async function typedEnd(work: Promise<unknown>): Promise<ChurnkitError | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error !== undefined && !ChurnkitError.isInstance(error))
    throw new Error("an error without a code", { cause: error });
  return error;
}
