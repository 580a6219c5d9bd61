import type { AwsPlace } from "../place.js";
import type { RequestContext } from "./conditions.js";
import type { Act } from "./policy.js";
import { resourcesOf, textIn, type Members } from "./resources.js";
import { actOfS3 } from "./s3.js";

/** What a call is about: a service by its name in signatures, and one of its operations. */
export interface Asked {
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
}

/** Tags of what was made, by ARN. */
export type Tags = Map<string, Readonly<Record<string, string>>>;

/** Operations whose actions have another name. */
const renamed: Readonly<Record<string, string>> = {
  "lambda:Invoke": "lambda:InvokeFunction",
  "sagemaker:InvokeEndpointWithResponseStream": "sagemaker:InvokeEndpoint",
  "sns:PublishBatch": "sns:Publish",
};
/** What everybody may do. */
const free = new Set(["sts:GetCallerIdentity"]);

/**
 * The acts that a call needs permission for: its own on each of its resources, passing a role, and tagging what it makes.
 *
 * @param tags what is known of resources that exist.
 */
export function actsOf({ service, operation, input }: Asked, place: AwsPlace, tags: Tags): readonly Act[] {
  if (service === "s3") {
    const [method = "", url = ""] = operation.split(" ");
    return [actOfS3(method, url)];
  }
  const prefix = service === "monitoring" ? "cloudwatch" : service;
  const called = `${prefix}:${operation}`;
  const action = renamed[called] ?? called;
  if (free.has(action)) return [];
  const members = (typeof input === "object" && input !== null ? input : {}) as Members;
  const resources = resourcesOf(action, members, place);
  const request = requestContext(members);
  const own = resources.map((resource) => ({
    action,
    resource,
    context: { ...request, ...contextOf("aws:resourcetag/", tags.get(resource) ?? {}) },
  }));
  const passed = prefix === "iam" || prefix === "sts" ? [] : rolesIn(members);
  const context = { "iam:passedtoservice": [`${prefix}.amazonaws.com`] };
  return [
    ...own,
    ...(prefix === "sagemaker" && operation.startsWith("Create") && Object.keys(tagsIn(members)).length > 0
      ? resources.slice(0, 1).map((resource) => ({
          action: "sagemaker:AddTags",
          resource,
          context: { ...request, "sagemaker:taggingaction": [operation] },
        }))
      : []),
    ...passed.map((resource) => ({ action: "iam:PassRole", resource, context })),
  ];
}

/** The tags that a request gives to what it makes or tags. */
export function tagsIn(input: Members): Readonly<Record<string, string>> {
  const given = input["Tags"] ?? input["tags"] ?? {};
  if (!Array.isArray(given)) return given as Readonly<Record<string, string>>;
  return Object.fromEntries(given.map((tag: Members) => [textIn(tag, "key"), textIn(tag, "value")]));
}

const contextOf = (prefix: string, tags: Readonly<Record<string, string>>): RequestContext =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key.toLowerCase()}`, [value]]));

function requestContext(input: Members): RequestContext {
  const tags = tagsIn(input);
  const keys = Object.keys(tags);
  const texts = (key: string, member: string): RequestContext =>
    typeof input[member] === "string" ? { [key]: [input[member]] } : {};
  return {
    ...contextOf("aws:requesttag/", tags),
    ...(keys.length > 0 && { "aws:tagkeys": keys }),
    ...texts("cloudwatch:namespace", "Namespace"),
    ...texts("application-autoscaling:service-namespace", "ServiceNamespace"),
    ...texts("application-autoscaling:scalable-dimension", "ScalableDimension"),
  };
}

/** The roles that an input gives to the service. */
function rolesIn(value: unknown, key = ""): string[] {
  if (typeof value === "string")
    return /role(arn)?$/i.test(key) && /^arn:[\w-]+:iam::\d+:role\//.test(value) ? [value] : [];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  return [
    ...new Set(Object.entries(value).flatMap(([name, item]) => rolesIn(item, Array.isArray(value) ? key : name))),
  ];
}
