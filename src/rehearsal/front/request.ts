import type { IncomingMessage } from "node:http";
import { parseJson } from "../../base/json/index.js";
import { AwsError } from "./aws-error.js";
import { queryInput } from "./query.js";
import { fromEc2 } from "./shapes/ec2.js";
import type { ServiceModel, ServiceModels } from "./shapes/model.js";
import { shapeProblems } from "./shapes/problems.js";
import { readRest } from "./shapes/rest.js";
import { typed } from "./shapes/typed.js";

export type Protocol = "json" | "query" | "rest";

/** What a request asks for. */
export interface ArrivedRequest {
  readonly protocol: Protocol;
  /** Empty for a REST request whose service has no model. */
  readonly operation: string;
  readonly input: unknown;
}

/**
 * Reads a request in the protocol that it came in.
 *
 * @param own models of REST services, for where there are none of AWS.
 */
export function readRequest(
  service: string,
  incoming: IncomingMessage,
  body: Buffer,
  models: ServiceModels | undefined,
  own: Readonly<Record<string, ServiceModel>> = {},
): ArrivedRequest {
  const target = String(incoming.headers["x-amz-target"] ?? "");
  if (target !== "") return { protocol: "json", operation: target.replace(/^.*\./, ""), input: jsonOf(body) };
  if (isQuery(incoming)) {
    const form = new URLSearchParams(body.toString("utf8"));
    const operation = form.get("Action") ?? "";
    const [model, input] = [models?.(modelName(service, "query")), queryInput(form)];
    const shape =
      model && Object.hasOwn(model.operations, operation) ? model.operations[operation]?.input?.shape : undefined;
    if (model === undefined || shape === undefined) return { protocol: "query", operation, input };
    const named = model.metadata?.protocol === "ec2" ? fromEc2(model, shape, input) : input;
    return { protocol: "query", operation, input: typed(model, shape, named) };
  }
  const { method = "", url = "", headers } = incoming;
  const model = models?.(modelName(service, "rest")) ?? (Object.hasOwn(own, service) ? own[service] : undefined);
  const read = model && readRest(model, { method, url, headers, body });
  return { protocol: "rest", operation: "", input: body, ...read };
}

/**
 * Checks a request against AWS's model of its service, if there is one.
 *
 * @throws AwsError for what AWS would not take.
 */
export function checkRequest(
  service: string,
  { protocol, operation, input }: ArrivedRequest,
  models: ServiceModels,
): void {
  const model = models(modelName(service, protocol));
  if (model === undefined) return;
  if (!Object.hasOwn(model.operations, operation))
    throw new AwsError("UnknownOperationException", `AWS has no operation ${operation || "?"} of ${service}.`);
  const shape = model.operations[operation]?.input?.shape;
  const problems = shape === undefined ? [] : shapeProblems(model, shape, input, operation, "arrived");
  if (problems.length === 0) return;
  const isUnread = problems.some(({ isType }) => isType);
  const name = protocol === "query" ? "ValidationError" : isUnread ? "SerializationException" : "ValidationException";
  const list = problems.map(({ path, what }) => `${path}: ${what}`).join("; ");
  throw new AwsError(name, `${problems.length} validation error${problems.length > 1 ? "s" : ""} detected: ${list}`);
}

/** botocore's name of a service, by the name in its signatures. */
function modelName(service: string, protocol: Protocol): string {
  if (service === "sagemaker" && protocol === "rest") return "sagemaker-runtime";
  return { monitoring: "cloudwatch", states: "stepfunctions" }[service] ?? service;
}

/** Whether a request is in the query protocol, as those of STS, SNS and IAM. */
export const isQuery = (incoming: IncomingMessage): boolean =>
  incoming.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;

function jsonOf(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : parseJson(body.toString("utf8"));
  } catch {
    throw new AwsError("SerializationException", "The request is not JSON.");
  }
}
