/** A place in a pipeline's definition that the pipeline fills in when it runs. */
export type Reference =
  | { readonly Get: string }
  | { readonly "Std:Join": { readonly On: string; readonly Values: readonly (string | number | Reference)[] } }
  | { readonly "Std:JsonGet": { readonly PropertyFile: { readonly Get: string }; readonly Path: string } };

/**
 * A type in which each text and number may also be a reference of a pipeline. The request builders take and return it, so
 * that one builder serves both a direct call and a step.
 *
 * @example
 * ```ts
 * import type { Referable, TrainingJob } from "churnkit/deploy/aws";
 *
 * const job: Referable<TrainingJob> = {
 *   name: "train",
 *   channels: { train: { uri: { Get: "Parameters.DataUri" } } },
 *   instanceType: "ml.m5.xlarge",
 *   maxSeconds: 3600,
 * };
 * ```
 */
export type Referable<T> = T extends string | number
  ? T | Reference
  : T extends readonly (infer Item)[]
    ? readonly Referable<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Referable<T[Key]> }
      : T;

const kinds: ReadonlySet<string> = new Set(["Get", "Std:Join", "Std:JsonGet"]);

/** Whether a value is a reference, not yet known. */
export function isReference(value: unknown): value is Reference {
  if (typeof value !== "object" || value === null) return false;
  const [key, ...others] = Object.keys(value);
  return key !== undefined && others.length === 0 && kinds.has(key);
}
