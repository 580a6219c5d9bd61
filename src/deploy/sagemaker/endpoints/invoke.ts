import type {
  InvokeEndpointCommandInput,
  InvokeEndpointCommandOutput,
  ModelError,
} from "@aws-sdk/client-sagemaker-runtime";
import { ChurnkitError } from "../../../base/errors.js";
import { parseJson } from "../../../base/json/index.js";
import type { ClientAnswer, Transport } from "../../../client/index.js";
import { callFailed } from "../call-failed.js";

/** Sends one InvokeEndpoint. */
export type Invoke = (input: InvokeEndpointCommandInput, signal: AbortSignal) => Promise<InvokeEndpointCommandOutput>;

/** What SageMaker said of the last call that it answered. */
export interface LastCall {
  variant?: string | undefined;
  /** The container's own answer to a call that it failed. */
  failure?: { readonly status: number; readonly message: string; readonly log: string | undefined } | undefined;
}

/** SageMaker's largest request. */
const mostBytes = 6_291_456;
/** Failures of SageMaker itself that may pass, and the statuses that say so. */
const passing: Readonly<Record<string, number>> = {
  ThrottlingException: 429,
  ModelNotReadyException: 429,
  ServiceUnavailable: 503,
  ServiceUnavailableException: 503,
  InternalDependencyException: 503,
  InternalFailure: 500,
};

/** The id of a call's nth batch. */
const idOf = (inferenceId: string, batch: number): string => (batch === 0 ? inferenceId : `${inferenceId}/${batch}`);

/**
 * Checks an id before the first batch is sent: SageMaker would refuse a later one.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function checkId(inferenceId: string | undefined, batches: number): void {
  if (inferenceId === undefined || /^[\x20-\x7e]{1,64}$/.test(idOf(inferenceId, Math.max(0, batches - 1)))) return;
  const added = batches > 1 ? `, of which the ${batches} batches need the last ${String(batches - 1).length + 1}` : "";
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The inferenceId ${JSON.stringify(inferenceId)} does not fit: SageMaker takes 1 to 64 ASCII characters${added}. Give a shorter one.`,
    { where: { value: inferenceId } },
  );
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Carries the calls of `createClient` by InvokeEndpoint. A container takes batches only, so that one record is a batch of one; a
 * failure of the container is passed on with its own status and body, as if there were no SageMaker between.
 */
export function endpointTransport(
  invoke: Invoke,
  fixed: Pick<InvokeEndpointCommandInput, "EndpointName" | "TargetVariant">,
  inferenceId: string | undefined,
  last: LastCall,
): Transport {
  let batches = 0;
  let before: string | undefined;
  return async ({ path, body, signal }) => {
    // Another try has the same body, and the same id.
    if (before !== undefined && body !== before) batches++;
    before = body;
    const InferenceId = inferenceId && idOf(inferenceId, batches);
    const Body = encoder.encode(bodyFor(path, body));
    if (Body.length > mostBytes)
      throw new ChurnkitError(
        "INPUT_TOO_LARGE",
        `The request has ${Body.length} bytes; SageMaker takes at most ${mostBytes}. Send fewer records at once (batchSize).`,
      );
    const input = { ...fixed, Body, ContentType: "application/json", Accept: "application/json" };
    try {
      const answer = await invoke({ ...input, InferenceId }, signal);
      last.failure = undefined;
      last.variant = answer.InvokedProductionVariant;
      const text = decoder.decode(answer.Body);
      return path === "/predict" ? firstOf(text) : answered(200, text);
    } catch (error) {
      return failureOf(error, path, last);
    }
  };
}

const bodyFor = (path: string, body: string | undefined): string => {
  if (path === "/ready") return `{"instances":[]}`;
  return path === "/predict" ? `{"instances":[${body ?? "{}"}]}` : (body ?? "");
};

const answered = (status: number, body: string): ClientAnswer => ({ status, body, header: () => null });

/** The answer to one record, out of that to a batch of one; the client refuses what is none. */
function firstOf(text: string): ClientAnswer {
  const batch = parseJson(text) as { readonly predictions?: unknown } | null;
  const predictions: unknown = batch?.predictions;
  const first = Array.isArray(predictions) ? (predictions[0] as object | null | undefined) : undefined;
  if (first === undefined || first === null) return answered(200, text);
  return "error" in first
    ? answered(422, JSON.stringify(first))
    : answered(200, JSON.stringify({ ...batch, ...first }));
}

function failureOf(error: unknown, path: string, last: LastCall): ClientAnswer {
  if (!(error instanceof Error)) throw error;
  if (error.name === "ModelError") {
    const { OriginalStatusCode: status = 500, OriginalMessage: message = "", LogStreamArn: log } = error as ModelError;
    last.failure = { status, message, log };
    // A container that refuses a batch without records is up.
    return path === "/ready" && status < 500 ? answered(200, "{}") : answered(status, message);
  }
  const status = Object.hasOwn(passing, error.name) ? passing[error.name] : undefined;
  if (status !== undefined) return answered(status, "");
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  // Without a status no answer came, which may pass.
  if ($metadata?.httpStatusCode === undefined) throw error;
  throw callFailed("sagemaker-runtime", "InvokeEndpoint", error);
}
