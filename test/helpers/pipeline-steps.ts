import { checkRequest } from "./botocore.js";

/** A step of a pipeline's definition. */
export interface Step {
  readonly Name: string;
  readonly Type: string;
  readonly Arguments: Readonly<Record<string, unknown>>;
}

/** All steps of a list, those in branches too. */
export const flatSteps = (list: readonly Step[]): Step[] =>
  list.flatMap((step) => [
    step,
    ...flatSteps((step.Arguments["IfSteps"] ?? []) as Step[]),
    ...flatSteps((step.Arguments["ElseSteps"] ?? []) as Step[]),
  ]);

const requests: Readonly<Record<string, [operation: string, name?: string]>> = {
  Processing: ["CreateProcessingJob", "ProcessingJobName"],
  Training: ["CreateTrainingJob", "TrainingJobName"],
  Tuning: ["CreateHyperParameterTuningJob", "HyperParameterTuningJobName"],
  Transform: ["CreateTransformJob", "TransformJobName"],
  Model: ["CreateModel", "ModelName"],
  RegisterModel: ["CreateModelPackage"],
};

/** What is wrong with the arguments of steps by AWS's own model of the requests that they become. */
export const stepProblems = (steps: readonly Step[]): string[] =>
  flatSteps(steps).flatMap(({ Type, Arguments }) => {
    const [operation, name] = requests[Type] ?? [];
    if (operation === undefined) return [];
    return checkRequest("sagemaker", operation, { ...(name && { [name]: "x" }), ...(filled(Arguments) as object) });
  });

/** What the service may put in place of a reference. */
function filled(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => filled(item, key));
  if (typeof value !== "object" || value === null) return value;
  if (["Get", "Std:Join", "Std:JsonGet"].includes(Object.keys(value)[0] ?? "")) return inPlace(key);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filled(member, name)]));
}

/** A value that fits a member. */
export function inPlace(key: string): unknown {
  if (/^Max|Count$|InGB$|InSeconds$/.test(key)) return 8;
  if (key === "ModelApprovalStatus") return "Approved";
  if (key === "InstanceType") return "ml.m5.large";
  return key === "ModelName" ? "model" : "s3://bucket/key";
}
