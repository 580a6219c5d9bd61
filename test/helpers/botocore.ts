import { serviceModels, type ServiceModel, type ServiceModels } from "../../src/rehearsal/front/shapes/model.js";
import { shapeProblems } from "../../src/rehearsal/front/shapes/problems.js";
import { botocoreData } from "./moto.js";

/** botocore's folder of a service, where it is not the client's name in lower case. */
const folders: Readonly<Record<string, string>> = {
  applicationautoscaling: "application-autoscaling",
  cloudwatchlogs: "logs",
  eventbridge: "events",
  sagemakerfeaturestoreruntime: "sagemaker-featurestore-runtime",
  sagemakerruntime: "sagemaker-runtime",
  sfn: "stepfunctions",
};

let models: ServiceModels | undefined;

/** botocore's newest model of a service, by botocore's name ("logs") or the SDK client's ("CloudWatchLogs"). */
function modelOf(service: string): ServiceModel {
  const name = folders[service.toLowerCase()] ?? service.toLowerCase();
  const model = (models ??= serviceModels(botocoreData()))(name);
  if (model === undefined)
    throw new Error(`botocore has no service ${name}; add its folder to test/helpers/botocore.ts`);
  return model;
}

/**
 * What is wrong with a request by AWS's own model of the service: required and unknown members, types, enum values,
 * lengths, ranges and patterns, each with its path. moto checks none of these. Needs the environment that `awsPython`
 * of moto.ts makes.
 *
 * @param service botocore's name or the SDK client's without "Client": `cloudwatch`, `sagemaker`, `stepfunctions` or `SFN`.
 * @param operation `PutMetricData`.
 */
export function checkRequest(service: string, operation: string, input: unknown): string[] {
  const model = modelOf(service);
  const found = Object.hasOwn(model.operations, operation) ? model.operations[operation] : undefined;
  if (found === undefined) return [`${service} has no operation ${operation}`];
  if (found.input === undefined)
    return Object.keys(input as object).length === 0 ? [] : [`${operation} takes no input`];
  return shapeProblems(model, found.input.shape, input, operation, "given").map(({ path, what }) => `${path}: ${what}`);
}

/** A request as an SDK client was asked to send it. */
export interface SentRequest {
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
}

/** What was sent through a client, and what AWS would object to. */
export interface RequestRecord {
  readonly requests: readonly SentRequest[];
  /** Problems of all requests so far; a test asserts that there are none. */
  problems(): string[];
}

type Middleware = (
  next: (call: { input: unknown }) => Promise<unknown>,
  context: { commandName?: string; clientName?: string },
) => (call: { input: unknown }) => Promise<unknown>;

/** The little that is needed of an AWS SDK v3 client. */
interface Client {
  readonly middlewareStack: {
    add(middleware: never, options: { step: "initialize"; name: string; override: boolean }): void;
  };
}

/** Records every request of an AWS SDK client from now on, retries counted once. */
export function recordRequests(client: object): RequestRecord {
  const requests: SentRequest[] = [];
  const middleware: Middleware = (next, context) => (call) => {
    requests.push({
      service: (context.clientName ?? "").replace(/Client$/, ""),
      operation: (context.commandName ?? "").replace(/Command$/, ""),
      input: call.input,
    });
    return next(call);
  };
  (client as Client).middlewareStack.add(middleware as never, {
    step: "initialize",
    name: "recordRequests",
    override: true,
  });
  return {
    requests,
    problems: () => requests.flatMap(({ service, operation, input }) => checkRequest(service, operation, input)),
  };
}
