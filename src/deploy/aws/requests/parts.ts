import { type AwsTarget, parseAwsTarget } from "../target.js";
import { isReference, type Reference } from "./referable.js";

/** Checks the target, which may come from JSON, and gives what requests take from it as it is. */
export function partsOf(json: AwsTarget) {
  const target = parseAwsTarget(json);
  const { vpc, kmsKey } = target;
  const network = vpc && { Subnets: [...vpc.subnets], SecurityGroupIds: [...vpc.securityGroups] };
  return { target, kmsKey, network };
}

/** Families whose volume is the instance's own disk, which hardware encrypts; SageMaker refuses a key for it. */
const localDisk = /^ml\.([a-z]+\d+[a-z]*d[a-z]*|g[5-9][a-z]*|gr\d+[a-z]*|p[5-9][a-z]*|trn\d+[a-z]*|i\d+[a-z]*)\./;

/** Whether the instances' volume is their own disk. */
export const hasLocalDisk = (instanceType: string | Reference): boolean =>
  typeof instanceType === "string" && localDisk.test(instanceType);

/** Key of the instances' volume. */
export const volumeKey = (kmsKey: string | undefined, instanceType: string | Reference): string | undefined =>
  hasLocalDisk(instanceType) ? undefined : kmsKey;

/** Leaves out undefined members at every depth: they are no JSON. */
export function defined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(defined) as T;
  if (typeof value !== "object" || value === null || isReference(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, defined(member as unknown)]),
  ) as T;
}

/** A number as SageMaker writes it in texts, JSON for what has members, and a text or reference as it is. */
export const asText = (value: unknown): string | Reference =>
  typeof value === "string" || isReference(value) ? value : JSON.stringify(value);

/** A number that is known now. */
export const known = (value: number | Reference | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;
