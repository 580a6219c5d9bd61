import { ChurnkitError } from "../base/errors.js";
import { list, nullable, number, object, text, withDefault, type JsonValue } from "../base/json/index.js";
import type { Dataset, RequestType } from "../data/index.js";
import { callService, type CallRules } from "./call.js";
import { httpTransport, type Transport } from "./transport.js";

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** API key, sent as `Authorization: Bearer`. */
  readonly key?: string | undefined;
  /** Milliseconds that one try may take, 1 to 3,600,000. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a call is made again after a failure that may pass, 0 to 20. Default 3. */
  readonly retries?: number | undefined;
  /** Headers of every call, such as a tenant's. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Records of one call, for {@link Client.predictMany}. Default 1,000. */
  readonly batchSize?: number | undefined;
  /** Most bytes of an answer. Default 64 MiB. A transport of your own has its own limit. */
  readonly maxAnswerBytes?: number | undefined;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A warning about a value of a record, or the reason for its refusal. */
export interface PredictionIssue {
  readonly column: string;
  readonly rule: string;
  readonly value: string;
  readonly message: string;
}

/** The score of a record. */
export interface Prediction {
  /** Class that the threshold chooses. */
  readonly prediction: string;
  /** Probability of the positive class, in [0, 1]. */
  readonly probability: number;
  readonly warnings: readonly PredictionIssue[];
}

/** A record of a batch that breaks the contract. */
export interface RefusedRecord {
  readonly prediction: null;
  readonly probability: null;
  readonly message: string;
  readonly issues: readonly PredictionIssue[];
}

/** The model that answered. */
export interface AnsweringModel {
  readonly name: string;
  readonly version: string;
  /** Where the service loaded it from: `registry`, `local`, ... */
  readonly source: string;
  readonly threshold: number;
}

/** A prediction service, by the types of its dataset. */
export interface Client<Request> {
  /**
   * Scores one record.
   *
   * @throws ChurnkitError VALUE_INVALID for a record that breaks the contract, INPUT_TOO_LARGE for an answer above
   * `maxAnswerBytes`, SERVICE_FAILED.
   */
  predict(record: Request, options?: CallOptions): Promise<Prediction & { readonly model: AnsweringModel }>;
  /** Scores records in batches, one after the other; one result for each, in order. */
  predictMany(records: readonly Request[], options?: CallOptions): Promise<(Prediction | RefusedRecord)[]>;
  /** Whether the service answers and its model is loaded. Never throws but for an aborted signal. */
  ready(options?: CallOptions): Promise<boolean>;
}

const issues = withDefault(list(object({ column: text(), rule: text(), value: text(), message: text() })), []);
const model = { model_name: text(), model_version: text(), model_source: text(), threshold: number() };
const scored = { prediction: text(), probability: number(), warnings: issues };
const one = object({ ...scored, ...model });
const entry = (json: JsonValue): Prediction | RefusedRecord => {
  const { probability } = object({ probability: nullable(number()) })(json);
  if (probability !== null) return object(scored)(json);
  const { error } = object({ error: object({ message: text(), issues }) })(json);
  return { prediction: null, probability: null, ...error };
};
const batch = object({ predictions: list(entry) });

/**
 * A typed client of a service that `churnkit serve` runs. Calls are tried again after time-outs, broken connections, 429 and 5xx,
 * with growing random waits or as long as `Retry-After` asks.
 *
 * @param service its address, or a transport that carries calls elsewhere.
 * @typeParam D the dataset, so that records are checked by the compiler: `createClient<typeof customers>(url)`.
 * @throws ChurnkitError OPTION_INVALID for a bad address or option.
 * @example
 * ```ts
 * import { createClient } from "churnkit/client";
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, listen } from "churnkit/serving";
 *
 * const { scorer } = await loadBundle("model");
 * const server = await listen(createHandler({ scorer, name: "churn", version: "1", source: "local" }), { port: 0 });
 * const client = createClient(server.url, { timeoutMs: 2_000 });
 * console.log(await client.ready(), await client.predictMany([{ tenure: 3 }, { tenure: 40 }]));
 * await server.close();
 * ```
 */
export function createClient<D extends Dataset = Dataset>(
  service: string | Transport,
  options: ClientOptions = {},
): Client<RequestType<D>> {
  const { key, timeoutMs = 10_000, retries = 3, headers = {}, batchSize = 1_000, maxAnswerBytes = 2 ** 26 } = options;
  whole("timeoutMs", timeoutMs, 1, 3_600_000);
  whole("retries", retries, 0, 20);
  whole("batchSize", batchSize, 1, 1_000_000);
  whole("maxAnswerBytes", maxAnswerBytes, 1, 2 ** 29);
  const transport = typeof service === "string" ? httpTransport(addressOf(service), maxAnswerBytes) : service;
  const rules: CallRules = { transport, timeoutMs, retries };
  const sent = {
    accept: "application/json",
    ...headers,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  const post = (path: string, value: unknown, { signal }: CallOptions): Promise<JsonValue> =>
    callService(
      rules,
      {
        method: "POST",
        path,
        headers: { ...sent, "content-type": "application/json" },
        body: JSON.stringify(value),
      },
      signal,
    );

  return {
    async predict(record, call = {}) {
      const { prediction, probability, warnings, ...origin } = one(await post("/predict", record, call));
      const { model_name: name, model_version: version, model_source: source, threshold } = origin;
      return { prediction, probability, warnings, model: { name, version, source, threshold } };
    },

    async predictMany(records, call = {}) {
      const results: (Prediction | RefusedRecord)[] = [];
      for (let first = 0; first < records.length; first += batchSize) {
        const part = records.slice(first, first + batchSize);
        const { predictions } = batch(await post("/batch-predict", { records: part }, call));
        if (predictions.length !== part.length)
          throw new ChurnkitError(
            "SERVICE_FAILED",
            `The service answered ${part.length} records with ${predictions.length} predictions. Is it another service?`,
          );
        results.push(...predictions);
      }
      return results;
    },

    async ready({ signal } = {}) {
      try {
        await callService({ ...rules, retries: 0 }, { method: "GET", path: "/ready", headers: sent }, signal);
        return true;
      } catch {
        signal?.throwIfAborted();
        return false;
      }
    },
  };
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== "" ||
    url.hash !== "" ||
    url.username !== ""
  )
    throw new ChurnkitError(
      "OPTION_INVALID",
      "The service's address must be like http://localhost:8080, without query, user name or password.",
    );
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new ChurnkitError("OPTION_INVALID", `${name} must be a whole number from ${least} to ${most}, not ${value}.`);
}
