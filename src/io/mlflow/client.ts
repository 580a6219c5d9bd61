import pLimit from "p-limit";
import { backoff } from "../../base/async/index.js";
import { JsonValue } from "../../base/json/index.js";
import type { StoredStream } from "../store/index.js";
import { strange, type Speaker } from "./failure.js";
import { broken, open, send, type HttpOptions, type MlflowCall, type OpenAnswer, type Outcome } from "./http.js";

/** How calls are made. */
export interface ClientOptions extends HttpOptions {
  /** How often a call is repeated after a temporary failure. */
  readonly retries: number;
}

/** MLflow's REST API, with retries. Errors are ChurnkitError STORE_FAILED. */
export interface MlflowClient {
  readonly speaker: Speaker;
  /** A call that can be repeated without harm. */
  call(call: MlflowCall): Promise<JsonValue>;
  /** Undefined if its subject does not exist. */
  find(call: MlflowCall): Promise<JsonValue | undefined>;
  /**
   * A call that must not be repeated: after a failure that may hide a success, `look` reports whether it happened,
   * even if somebody else created the very thing.
   */
  create<T>(call: MlflowCall, read: (answer: JsonValue) => T, look: () => Promise<T | undefined>): Promise<T>;
  /** Streams a file; undefined if it does not exist. A broken download is resumed. */
  stream(call: MlflowCall): Promise<StoredStream | undefined>;
}

/** Calls at once. */
const parallel = 8;

export function mlflowClient(options: ClientOptions, speaker: Speaker): MlflowClient {
  const limit = pLimit(parallel);
  const ended = (): boolean => options.signal?.aborted === true;

  /** Repeats until it succeeds, fails permanently, or runs out of attempts. */
  async function again<T>(attempt: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    for (let tries = 0; ; tries++) {
      const outcome = await limit(attempt);
      if (outcome.failure === undefined || !outcome.failure.passing || tries === options.retries || ended())
        return outcome;
      await backoff(tries, outcome.failure.waitMs, options.signal);
    }
  }

  /** Some changes have an empty answer. */
  const parsed = (call: MlflowCall, bytes: Uint8Array): JsonValue =>
    JsonValue.parse(bytes.length === 0 ? "{}" : bytes, "answer", (_, what) =>
      strange(speaker, `${call.method} ${call.path}`, what),
    );

  /** Requests the file from a byte on; a server without ranges returns it from its beginning. */
  async function opened(call: MlflowCall, from: number): Promise<OpenAnswer | undefined> {
    const outcome = await again(() => open(options, speaker, from === 0 ? call : { ...call, from }));
    if (outcome.failure === undefined) return outcome.answer;
    if (outcome.failure.status === 404) return undefined;
    throw outcome.failure.error;
  }

  async function* resumed(call: MlflowCall, first: OpenAnswer): AsyncGenerator<Uint8Array, void> {
    let given = 0;
    let answer: OpenAnswer | undefined = first;
    for (let tries = 0; answer !== undefined; tries++) {
      let skip = answer.status === 206 ? 0 : given;
      try {
        for await (const part of answer.body) {
          const fresh = part.subarray(Math.min(skip, part.length));
          skip -= part.length - fresh.length;
          given += fresh.length;
          if (fresh.length > 0) yield fresh;
        }
        return;
      } catch (error) {
        if (tries === options.retries) throw broken(options, speaker, call, error).error;
        await backoff(tries, 0);
        answer = await opened(call, given);
      }
    }
  }

  return {
    speaker,
    async call(call) {
      const outcome = await again(() => send(options, speaker, call));
      if (outcome.failure !== undefined) throw outcome.failure.error;
      return parsed(call, outcome.answer);
    },
    async find(call) {
      const outcome = await again(() => send(options, speaker, call));
      if (outcome.failure?.code === "RESOURCE_DOES_NOT_EXIST") return undefined;
      if (outcome.failure !== undefined) throw outcome.failure.error;
      return parsed(call, outcome.answer);
    },
    async create(call, read, look) {
      for (let tries = 0; ; tries++) {
        const outcome = await limit(() => send(options, speaker, call));
        if (outcome.failure === undefined) return read(parsed(call, outcome.answer));
        const { passing, code, error, waitMs } = outcome.failure;
        if (!passing && code !== "RESOURCE_ALREADY_EXISTS") throw error;
        await backoff(tries, waitMs, options.signal);
        const found = await look();
        if (found !== undefined) return found;
        if (!passing || tries === options.retries || ended()) throw error;
      }
    },
    async stream(call) {
      const answer = await opened(call, 0);
      // Without a length, the reader decides.
      return answer && { size: answer.size ?? 0, stream: resumed(call, answer) };
    },
  };
}
