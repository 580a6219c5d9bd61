import { parseJson } from "../../base/json/index.js";
import { AwsError } from "../front/aws-error.js";

/** Sends requests to the front, as the SDKs would. */
export interface Wire {
  readonly url: string;
  readonly region: string;
  /** In the JSON protocol. */
  json(service: JsonService, operation: string, input: object): Promise<Record<string, unknown>>;
  /** In the query protocol. The answer is XML. */
  query(service: QueryService, operation: string, input: object): Promise<string>;
}

/** How requests name a service's operations. */
const targets = {
  "application-autoscaling": "AnyScaleFrontendService",
  budgets: "AWSBudgetServiceGateway",
  cloudtrail: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
  ecr: "AmazonEC2ContainerRegistry_V20150921",
  events: "AWSEvents",
  kms: "TrentService",
  lambda: "AWSLambda",
  logs: "Logs_20140328",
  monitoring: "GraniteServiceVersion20100801",
  sagemaker: "SageMaker",
  secretsmanager: "secretsmanager",
  sqs: "AmazonSQS",
  states: "AWSStepFunctions",
} as const;
type JsonService = keyof typeof targets;

const versions = { ec2: "2016-11-15", iam: "2010-05-08", sns: "2010-03-31" };
type QueryService = keyof typeof versions;

export function wireTo(url: string, region: string): Wire {
  async function post(service: string, operation: string, type: string, target: string, body: string): Promise<string> {
    const scope = `cloudformation/20260101/${region}/${service}/aws4_request`;
    const headers = {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      "content-type": type,
      ...(target !== "" && { "x-amz-target": target }),
    };
    const response = await fetch(url, { method: "POST", headers, body });
    const text = await response.text();
    if (response.ok) return text;
    const [, name = "Failed"] = /"__type":\s*"(?:[^"]*#)?([^"]+)"|<Code>([^<]+)/.exec(text)?.filter(Boolean) ?? [];
    throw new AwsError(name, `${service}:${operation} was refused: ${text.slice(0, 500)}`, response.status);
  }
  return {
    url,
    region,
    async json(service, operation, input) {
      const type = service === "states" || service === "monitoring" || service === "sqs" ? "1.0" : "1.1";
      const target = `${targets[service]}.${operation}`;
      const text = await post(service, operation, `application/x-amz-json-${type}`, target, JSON.stringify(input));
      return (text === "" ? {} : parseJson(text)) as Record<string, unknown>;
    },
    query(service, operation, input) {
      const form = new URLSearchParams({ Action: operation, Version: versions[service] });
      // EC2 numbers the items of a list without a word.
      const item = service === "ec2" ? "" : "member.";
      for (const [name, value] of formOf(input, item)) form.set(name, value);
      return post(service, operation, "application/x-www-form-urlencoded", "", form.toString());
    },
  };
}

/** The names and values of a form that stands for an input: lists by `member`, and `Attributes`, the only map, by `entry`. */
function formOf(value: unknown, item: string, path = ""): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null)
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  const under = (name: string): string => (path === "" ? name : `${path}.${name}`);
  if (Array.isArray(value)) return value.flatMap((each, i) => formOf(each, item, under(`${item}${i + 1}`)));
  if (path === "Attributes")
    return Object.entries(value).flatMap(([key, each], i) => [
      [under(`entry.${i + 1}.key`), key] as [string, string],
      ...formOf(each, item, under(`entry.${i + 1}.value`)),
    ]);
  return Object.entries(value).flatMap(([name, each]) => formOf(each, item, under(name)));
}

/** The text of an element of an answer in XML. */
export const elementOf = (xml: string, name: string): string => new RegExp(`<${name}>([^<]*)`).exec(xml)?.[1] ?? "";
