import type { InvokeEndpointCommandOutput } from "@aws-sdk/client-sagemaker-runtime";
import { ChurnkitError } from "../../../base/errors.js";
import {
  type AnsweringModel,
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type Prediction,
  type RefusedRecord,
} from "../../../client/index.js";
import type { Dataset, RequestType } from "../../../data/index.js";
import type { Bundle } from "../../../model/bundle/index.js";
import { load } from "../services.js";
import type { ClientConfig } from "../session.js";
import { checkId, endpointTransport, type Invoke, type LastCall } from "./invoke.js";
import { checkServed } from "./smoke-test.js";

/** Options of {@link sageMakerClient}. */
export interface SageMakerClientOptions extends Pick<ClientOptions, "timeoutMs" | "retries" | "batchSize"> {
  /** Region, credentials and address of the AWS client. Default: what the AWS SDK finds. */
  readonly clientConfig?: (ClientConfig & { readonly region?: string }) | undefined;
  /** Asks this variant, whatever the weights are. */
  readonly variant?: string | undefined;
}

/** Options of one call of an endpoint. */
export interface InvokeOptions extends CallOptions {
  /** Kept with the captured request, at most 64 ASCII characters together with what later calls of a batch add: `/1`, `/2`, ... */
  readonly inferenceId?: string | undefined;
  /** Asks this variant, whatever the weights are. */
  readonly variant?: string | undefined;
}

/** A client of an endpoint, with the calls of `createClient`. */
export interface SageMakerClient<Request> extends Client<Request> {
  /**
   * Scores one record.
   *
   * @throws ChurnkitError VALUE_INVALID for a record that breaks the contract, SERVICE_FAILED where the container keeps failing (its
   * own status is `where.value.status`), AWS_FAILED where SageMaker refuses the call.
   */
  predict(
    record: Request,
    options?: InvokeOptions,
  ): Promise<Prediction & { readonly model: AnsweringModel; readonly variant: string | undefined }>;
  predictMany(records: readonly Request[], options?: InvokeOptions): Promise<(Prediction | RefusedRecord)[]>;
  /**
   * Asks for the scores of a bundle's golden rows: they must be the bundle's own, by its model, and an answer must come in time.
   *
   * @param bundle as `loadBundle` or a registry's `load` give it.
   * @param options `withinMs`: the longest answer, 1,000 by default.
   * @throws ChurnkitError DEPLOY_FAILED with all that is wrong, and as the other calls.
   */
  smokeTest(
    bundle: Pick<Bundle, "artifact" | "manifest">,
    options?: InvokeOptions & { readonly withinMs?: number | undefined },
  ): Promise<void>;
  readonly close: () => void;
}

/**
 * A typed client of an endpoint of SageMaker that serves churnkit's image: the calls, answers, errors and retries of
 * `createClient`, carried by InvokeEndpoint. It needs the package `@aws-sdk/client-sagemaker-runtime`.
 *
 * @param endpoint the endpoint's whole name, such as `churn-prod`.
 * @typeParam D the dataset, so that records are checked by the compiler.
 * @throws ChurnkitError OPTION_INVALID for a bad option.
 * @example
 * ```ts
 * import { sageMakerClient } from "churnkit/deploy/sagemaker";
 *
 * const client = sageMakerClient("churn-prod", { clientConfig: { region: "us-east-1" } });
 * const score = (tenure: number) => client.predict({ tenure }, { inferenceId: "customer-7" });
 * console.assert(typeof score === "function");
 * client.close();
 * ```
 */
export function sageMakerClient<D extends Dataset = Dataset>(
  endpoint: string,
  { clientConfig = {}, variant, batchSize = 1_000, ...rest }: SageMakerClientOptions = {},
): SageMakerClient<RequestType<D>> {
  type Request = RequestType<D>;
  const options = { ...rest, batchSize };
  let connected: ReturnType<typeof connect> | undefined;
  const invoke: Invoke = async (input, signal) => (await (connected ??= connect(clientConfig))).invoke(input, signal);

  async function call<T>(
    given: InvokeOptions,
    use: (client: Client<Request>) => Promise<T>,
    last: LastCall,
  ): Promise<T> {
    const fixed = { EndpointName: endpoint, TargetVariant: given.variant ?? variant };
    const transport = endpointTransport(invoke, fixed, given.inferenceId, last);
    try {
      return await use(createClient<D>(transport, options));
    } catch (error) {
      throw last.failure === undefined ? error : explained(endpoint, error, last.failure);
    }
  }
  // Finds bad options before the first call.
  createClient(() => Promise.reject(new Error()), options);

  async function predict(record: Request, given: InvokeOptions = {}) {
    checkId(given.inferenceId, 1);
    const last: LastCall = {};
    const answer = await call(given, (client) => client.predict(record, given), last);
    return { ...answer, variant: last.variant };
  }
  async function predictMany(records: readonly Request[], given: InvokeOptions = {}) {
    checkId(given.inferenceId, Math.ceil(records.length / batchSize));
    return call(given, (client) => client.predictMany(records, given), {});
  }

  return {
    predict,
    predictMany,
    smokeTest(bundle, { withinMs = 1000, ...given } = {}) {
      // Golden rows are made from the model's own contract.
      const one = (record: object) => predict(record as Request, given);
      const many = (records: readonly object[]) => predictMany(records as readonly Request[], given);
      return checkServed(endpoint, bundle, { one, many }, withinMs);
    },
    ready: (given = {}) => call(given, (client) => client.ready(given), {}),
    close: () => {
      connected?.then(
        ({ destroy }) => destroy(),
        () => undefined,
      );
      connected = undefined;
    },
  };
}

async function connect(config: NonNullable<SageMakerClientOptions["clientConfig"]>) {
  const { Client, Command } = await load("sagemaker-runtime", "InvokeEndpoint");
  // The retries are the client's own, which knows the container's statuses.
  const client = new Client({ maxAttempts: 1, ...config });
  const invoke: Invoke = async (input, abortSignal) =>
    (await client.send(new Command(input) as never, { abortSignal })) as InvokeEndpointCommandOutput;
  return { invoke, destroy: () => client.destroy() };
}

/** The error with what the container said, and where it wrote more. */
function explained(
  endpoint: string,
  error: unknown,
  { status, message, log }: NonNullable<LastCall["failure"]>,
): unknown {
  if (!ChurnkitError.isInstance(error)) return error;
  const where = { ...error.where, value: { status, log } };
  if (error.code !== "SERVICE_FAILED") return new ChurnkitError(error.code, error.message, { where, cause: error });
  const told = `The container of the endpoint ${endpoint} answered with status ${status}: ${message.slice(0, 200)}`;
  return new ChurnkitError(error.code, `${told} Read ${log ?? `the log group /aws/sagemaker/Endpoints/${endpoint}`}.`, {
    where,
    cause: error,
  });
}
