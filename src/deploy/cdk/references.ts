import { type AwsTarget, arnOf } from "../aws/target.js";

/**
 * ARNs in definitions, by tokens of the stack that makes the things they name. Definitions are data, and know ARNs by their names only;
 * a reference in the place of an ARN lets CloudFormation make things in order.
 */
export type References = Readonly<Record<string, string>>;

/** A copy of JSON with a reference in the place of each text that is one of the ARNs. */
export function referring<T>(json: T, references: References): T {
  const copy = (value: unknown): unknown => {
    if (typeof value === "string") return Object.hasOwn(references, value) ? references[value] : value;
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copy(member)]));
  };
  return copy(json) as T;
}

/** JSON as a text, with a reference in the place of each text that is one of the ARNs. */
export const textReferring = (json: unknown, references: References): string =>
  JSON.stringify(referring(json, references));

/** The ARN that stands for a stack's own key in definitions, because nobody knows its id before it is made. */
const unmadeKey = (target: AwsTarget): string => arnOf(target, "kms", "key/own");

/** A target whose definitions use the stack's key. */
export const withKey = (target: AwsTarget): AwsTarget & { readonly kmsKey: string } => ({
  ...target,
  kmsKey: target.kmsKey ?? unmadeKey(target),
});
