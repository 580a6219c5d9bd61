import type { VirtualClock } from "../../clock.js";
import { AwsError } from "../../front/aws-error.js";
import { uuid, type DataCapture } from "./capture.js";
import { ModelMissing, type ContainerAnswer } from "./container.js";
import type { Endpoint } from "./endpoint.js";
import { productionOf, type Fleet, type Variant } from "./fleet.js";
import type { Measured } from "./metrics.js";
import { mishaps, type Misbehave } from "./misbehave.js";
import type { Resources } from "./resources.js";

/** The input of InvokeEndpoint, as far as the rehearsal knows it. */
export interface Invocation {
  readonly EndpointName: string;
  readonly Body: Uint8Array;
  readonly ContentType?: string;
  readonly Accept?: string;
  readonly CustomAttributes?: string;
  readonly TargetModel?: string;
  readonly TargetVariant?: string;
  readonly InferenceId?: string;
}

export interface InvokeOptions {
  readonly clock: VirtualClock;
  readonly account: string;
  readonly endpoints: Resources<Endpoint>;
  readonly capture: DataCapture;
  readonly misbehave: Misbehave;
  /** Draws the variant. */
  readonly random: () => number;
  readonly onMeasured: (measured: Measured) => void;
}

/** A model's answer to an invocation. */
export interface Invoked {
  readonly Body: Uint8Array;
  readonly ContentType: string;
  readonly InvokedProductionVariant: string;
  readonly CustomAttributes?: string;
}

/** SageMaker's limits: bytes of a body, and milliseconds of an answer. */
const [mostBytes, longestMs] = [6_291_456, 60_000];

const refused = (message: string): AwsError => new AwsError("ValidationError", message);

/** Answers invocations by the variants of an endpoint, one that came through its queue or at once. */
export type Invoke = (invocation: Invocation, isQueued: boolean) => Promise<Invoked>;

export function invoker(options: InvokeOptions): Invoke {
  const { clock, endpoints, capture, random } = options;
  const mishapOf = mishaps(options.misbehave);

  function endpointOf(name: string): Endpoint {
    const endpoint = endpoints.has(name) ? endpoints.find(name) : undefined;
    if (endpoint === undefined || productionOf(endpoint.fleet).every(({ container }) => container === undefined))
      throw refused(`Endpoint ${name} of account ${options.account} not found.`);
    return endpoint;
  }

  /** Asks a variant, measures it, and captures both sides. */
  async function ask(
    variant: Variant,
    fleet: Fleet,
    invocation: Invocation,
    eventId: string,
    isQueued: boolean,
  ): Promise<ContainerAnswer> {
    const begin = performance.now();
    const { name, model, container, instances } = variant;
    const { EndpointName: endpoint, Body, ContentType = "", CustomAttributes, InferenceId } = invocation;
    const mishap = mishapOf({ endpoint, variant: name, model: model.name });
    let answer: ContainerAnswer;
    if (mishap.fails || container === undefined) answer = failure(503, "The rehearsal was told to fail here.");
    else {
      const path = model.isMulti ? await container.pathOf(invocation.TargetModel ?? "") : "/invocations";
      answer = await container.send(path, headersOf(invocation), Body, isQueued ? undefined : longestMs).then(
        (said) => ({ ...said, body: mishap.said(said.body) }),
        (error: unknown) => failure(0, isTimeout(error) ? timedOut : String(error)),
      );
    }
    const { took } = answer;
    const { latency, overhead } = mishap.times(took, performance.now() - begin - took);
    if (latency > longestMs) answer = failure(0, timedOut);
    const status = answer.status === 0 ? 500 : answer.status;
    options.onMeasured({ endpoint, variant: name, instances, status, latency, overhead });
    const config = fleet.config.input.DataCaptureConfig;
    if (config !== undefined && status < 300)
      capture.take(config, {
        ...{ endpoint, variant: name, eventId, isShadow: variant.isShadow },
        ...{ inferenceId: InferenceId, customAttributes: CustomAttributes },
        input: { type: ContentType, body: Body },
        output: { type: answer.headers.get("content-type") ?? "", body: answer.body },
      });
    return answer;
  }

  return async (invocation, isQueued) => {
    if (!isQueued && invocation.Body.length > mostBytes)
      throw refused(`Value at 'body' failed to satisfy constraint: Member must have length less than or equal to ${mostBytes}`); // prettier-ignore
    const endpoint = endpointOf(invocation.EndpointName);
    if (isQueued !== (endpoint.fleet.config.input.AsyncInferenceConfig !== undefined))
      throw refused(`Endpoint ${endpoint.name} is asynchronous. Use InvokeEndpointAsync.`);
    const [variant, fleet] = choose(endpoint, invocation.TargetVariant, random);
    if (variant.model.isMulti !== (invocation.TargetModel !== undefined))
      throw refused(
        variant.model.isMulti
          ? "A multi-model endpoint needs a TargetModel."
          : `Endpoint ${endpoint.name} is not a multi-model endpoint, so it takes no TargetModel.`,
      );
    const eventId = uuid(random);
    for (const shadow of fleet.variants.filter(({ isShadow }) => isShadow))
      // The weight says which part of the production variant's requests is copied. Answers are dropped, errors too.
      if (random() < shadow.weight / variant.weight)
        void clock.during(() => ask(shadow, fleet, invocation, eventId, isQueued)).catch(() => undefined);
    const answer = await ask(variant, fleet, invocation, eventId, isQueued).catch((error: unknown) => {
      throw error instanceof ModelMissing ? refused(error.message) : error;
    });
    if (answer.status < 200 || answer.status >= 300) throw modelError(answer);
    const attributes = answer.headers.get("x-amzn-sagemaker-custom-attributes");
    return {
      Body: answer.body,
      ContentType: answer.headers.get("content-type") ?? "application/octet-stream",
      InvokedProductionVariant: variant.name,
      ...(attributes === null ? {} : { CustomAttributes: attributes }),
    };
  };
}

/** The variant that answers: the one that is asked for, or one by weight, of the old or the new fleet. */
function choose(
  { fleet, pending }: Endpoint,
  target: string | undefined,
  random: () => number,
): readonly [Variant, Fleet] {
  const isNew = pending !== undefined && random() < pending.share;
  const chosen = isNew ? pending.fleet : fleet;
  const production = productionOf(chosen);
  if (target !== undefined) {
    const asked = production.find(({ name }) => name === target);
    if (asked === undefined) throw refused(`Variant ${target} not found for the request.`);
    return [asked, chosen];
  }
  const total = production.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  const drawn = production.find(({ weight }) => (left -= weight) < 0) ?? production[0];
  return [drawn as Variant, chosen];
}

const timedOut = "Your invocation timed out while waiting for a response from container primary.";

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === "TimeoutError";

const failure = (status: number, said: string): ContainerAnswer => ({
  status,
  headers: new Headers({ "content-type": "text/plain" }),
  body: new TextEncoder().encode(said),
  took: 0,
});

function modelError({ status, body }: ContainerAnswer): AwsError {
  const said = new TextDecoder().decode(body).slice(0, 1024);
  const side = status >= 400 && status < 500 ? "client" : "server";
  const Message = `Received ${side} error (${status}) from primary with message "${said}".`;
  return new AwsError("ModelError", Message, 424, { Message, OriginalStatusCode: status, OriginalMessage: said });
}

/** The headers of a request to a container. */
const headersOf = (invocation: Invocation): Record<string, string> =>
  given({
    "content-type": invocation.ContentType,
    accept: invocation.Accept,
    "x-amzn-sagemaker-custom-attributes": invocation.CustomAttributes,
    "x-amzn-sagemaker-inference-id": invocation.InferenceId,
  });

const given = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""),
  );
