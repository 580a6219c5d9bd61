import { ChurnkitError } from "../../base/errors.js";
import { JsonValue, list, object, text, withDefault } from "../../base/json/index.js";
import { wholeOf } from "../../io/mlflow/index.js";
import type { RunEvent } from "../runs/entries.js";
import type { Experiments } from "./connection.js";

type Metric = Extract<RunEvent, { kind: "metric" }>;

/** SageMaker takes no more at once. */
const mostTogether = 10;
const mostBytes = 2 ** 20;

/** The part of the SDK's handler that is used; its own type leaves the answer open. */
interface RequestHandler<Request> {
  handle(
    request: Request,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<{ readonly response: { readonly statusCode: number; readonly body: AsyncIterable<Uint8Array> } }>;
}

const answer = object({ Errors: withDefault(list(object({ Code: text() })), []) });

/**
 * Sends values of metrics to SageMaker's service of metrics. Its calls are signed and sent by SageMaker's own client, so that
 * it needs no package of its own. What SageMaker cannot keep (NaN, more values than its limit) is left out: the store has it.
 *
 * @throws ChurnkitError AWS_FAILED.
 */
export async function putMetrics(
  experiments: Experiments,
  component: string,
  metrics: readonly Metric[],
  signal: AbortSignal,
): Promise<void> {
  const finite = metrics.filter(({ value }) => Number.isFinite(value));
  for (let from = 0; from < finite.length; from += mostTogether) {
    const MetricData = finite.slice(from, from + mostTogether).map(({ name, value, step, at }) => ({
      MetricName: name,
      Timestamp: Date.parse(at) / 1000,
      Step: step,
      Value: value,
    }));
    await experiments.call("BatchPutMetrics", () =>
      put(experiments, { TrialComponentName: component, MetricData }, signal),
    );
  }
}

async function put({ client, region }: Experiments, input: object, signal: AbortSignal): Promise<void> {
  const address = await addressOf(client.config.endpoint, region);
  const signer = await client.config.signer();
  const body = JSON.stringify(input);
  const request = await signer.sign({
    method: "PUT",
    protocol: address.protocol,
    hostname: address.hostname,
    ...(address.port === "" ? {} : { port: Number(address.port) }),
    path: "/BatchPutMetrics",
    query: {},
    headers: { host: address.host, "content-type": "application/json" },
    body,
  });
  const handler = client.config.requestHandler as RequestHandler<typeof request>;
  const { response } = await handler.handle(request, { abortSignal: signal });
  const said = new TextDecoder().decode(await wholeOf(response.body, mostBytes));
  if (response.statusCode >= 300) throw new Error(`${response.statusCode}: ${said.slice(0, 200)}`);
  const { Errors } = answer(JsonValue.parse(said, "answer", (_, what) => failed(what)));
  const passing = Errors.find(({ Code }) => Code === "INTERNAL_ERROR" || Code === "CONFLICT_ERROR");
  if (passing !== undefined) throw failed(`has ${passing.Code}`);
}

const failed = (what: string): ChurnkitError =>
  new ChurnkitError("AWS_FAILED", `The answer of BatchPutMetrics ${what}. Try again.`);

/** The service's own address, or that of an emulator. */
async function addressOf(endpoint: Experiments["client"]["config"]["endpoint"], region: string): Promise<URL> {
  const { AWS_ENDPOINT_URL: everything } = process.env;
  const given = await endpoint?.();
  if (given !== undefined)
    return new URL(`${given.protocol}//${given.hostname}${given.port === undefined ? "" : `:${given.port}`}`);
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return new URL(everything ?? `https://metrics.sagemaker.${region}.${suffix}`);
}
