import pLimit from "p-limit";
import { parseJsonFile, type JsonValue } from "../../model/bundle/json.js";
import { strange, type Speaker } from "./failure.js";
import { send, type HttpOptions, type MlflowAnswer, type MlflowCall } from "./http.js";

/** How calls are made. */
export interface ClientOptions extends HttpOptions {
  /** How often a call is made again after a failure that may pass. */
  readonly retries: number;
}

/** MLflow's REST API, with retries. Errors are ChurnkitError STORE_FAILED. */
export interface MlflowClient {
  readonly speaker: Speaker;
  /** A call that may be made twice without harm. */
  call(call: MlflowCall): Promise<JsonValue>;
  /** Undefined where what it is about does not exist. */
  find(call: MlflowCall): Promise<JsonValue | undefined>;
  /**
   * A call that must not be made twice: after a failure that may hide a success, `look` says whether it happened. Also
   * where somebody else created the very thing.
   */
  create(call: MlflowCall, look: () => Promise<JsonValue | undefined>): Promise<JsonValue>;
  /** The bytes of an answer; undefined where there are none. */
  bytes(call: MlflowCall): Promise<Uint8Array | undefined>;
  /** Every page of a list. */
  pages(call: MlflowCall, member: string): Promise<readonly JsonValue[]>;
}

/** Calls at once. */
const parallel = 8;
const pageSize = "1000";
const maxPages = 1_000;

export function mlflowClient(options: ClientOptions, speaker: Speaker): MlflowClient {
  const limit = pLimit(parallel);
  const once = (call: MlflowCall): Promise<MlflowAnswer> => limit(() => send(options, speaker, call));

  async function again(call: MlflowCall): Promise<MlflowAnswer> {
    for (let tries = 0; ; tries++) {
      const answer = await once(call);
      if (answer.failure === undefined || !answer.failure.passing || tries === options.retries) return answer;
      await pause(tries, answer.failure.waitMs);
    }
  }

  const parsed = (call: MlflowCall, bytes: Uint8Array): JsonValue =>
    parseJsonFile("answer", bytes, (_, what, path) => strange(speaker, `${call.method} ${call.path}`, `${what}${path === undefined ? "" : ` (at ${path})`}`));

  const client: MlflowClient = {
    speaker,
    async call(call) {
      const answer = await again(call);
      if (answer.failure !== undefined) throw answer.failure.error;
      return parsed(call, answer.bytes);
    },
    async find(call) {
      const answer = await again(call);
      if (answer.failure?.code === "RESOURCE_DOES_NOT_EXIST") return undefined;
      if (answer.failure !== undefined) throw answer.failure.error;
      return parsed(call, answer.bytes);
    },
    async create(call, look) {
      for (let tries = 0; ; tries++) {
        const answer = await once(call);
        if (answer.failure === undefined) return parsed(call, answer.bytes);
        const { passing, code, error, waitMs } = answer.failure;
        if (!passing && code !== "RESOURCE_ALREADY_EXISTS") throw error;
        await pause(tries, waitMs);
        const found = await look();
        if (found !== undefined) return found;
        if (!passing || tries === options.retries) throw error;
      }
    },
    async bytes(call) {
      const answer = await again(call);
      if (answer.failure === undefined) return answer.bytes;
      if (answer.failure.status === 404) return undefined;
      throw answer.failure.error;
    },
    async pages(call, member) {
      const items: JsonValue[] = [];
      let token = "";
      for (let page = 0; page < maxPages; page++) {
        const query = { ...call.query, max_results: pageSize, ...(token === "" ? {} : { page_token: token }) };
        const answer = await client.call({ ...call, query });
        const list = answer.get(member);
        if (!list.absent) items.push(...list.list());
        const next = answer.get("next_page_token");
        const last = token;
        token = next.absent ? "" : next.text();
        if (token === "") return items;
        if (token === last) break;
      }
      throw strange(speaker, `${call.method} ${call.path}`, "has no last page");
    },
  };
  return client;
}

/** Waits longer with every try and different for everybody, so that those who failed together don't come back together. */
function pause(tries: number, leastMs: number): Promise<void> {
  const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
  const backoff = Math.min(100 * 2 ** tries, 5_000) * (0.5 + random / 512);
  return new Promise((resolve) => setTimeout(resolve, Math.max(backoff, leastMs)));
}
