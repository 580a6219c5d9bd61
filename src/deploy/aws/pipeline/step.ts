import {
  count,
  list,
  number,
  oneOf,
  optional,
  strictObject,
  text,
  where,
  withDefault,
  type Decoder,
} from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { defined } from "../requests/parts.js";

/** A step of SageMaker's pipeline language. */
export interface DefinedStep {
  readonly Name: string;
  readonly Type: string;
  readonly Arguments: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly RetryPolicies?: readonly object[];
  readonly CacheConfig?: { readonly Enabled: boolean; readonly ExpireAfter: string };
  readonly PropertyFiles?: readonly {
    readonly PropertyFileName: string;
    readonly OutputName: string;
    readonly FilePath: string;
  }[];
  readonly FunctionArn?: string;
  readonly OutputParameters?: readonly { readonly OutputName: string; readonly OutputType: string }[];
}

const callErrors = ["Step.SERVICE_FAULT", "Step.THROTTLING"] as const;
const jobErrors = ["SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"] as const;
type CallError = (typeof callErrors)[number];
type JobError = (typeof jobErrors)[number];

/** When and how often SageMaker repeats a step. */
interface Retry<Error extends string> {
  readonly errors: readonly Error[];
  /** Until the first repetition, in seconds; default 1. */
  readonly seconds?: number | undefined;
  /** Each wait is so many times the one before; default 2. */
  readonly backoff?: number | undefined;
  /** At most 20; give this or `minutes`. */
  readonly attempts?: number | undefined;
  /** Time after which it gives up, at most 14,400. */
  readonly minutes?: number | undefined;
}

/** Options of every step. */
export interface FlowOptions {
  /** Steps that must end first, besides those that the step refers to. */
  readonly after?: readonly string[] | undefined;
}

/** Options of a step that makes a model: no job runs that could fail. */
export interface ModelStepOptions extends FlowOptions {
  readonly retries?: readonly Retry<CallError>[] | undefined;
}

/** Options of a step that runs a job. */
export interface JobStepOptions extends FlowOptions {
  readonly retries?: readonly Retry<CallError | JobError>[] | undefined;
  /** Takes the outputs of an equal job that is not older, as a duration: `P30D`. */
  readonly cache?: string | undefined;
}

/** Options of a tuning step, whose jobs repeat themselves after internal errors. */
export interface TuningStepOptions extends FlowOptions {
  readonly retries?: readonly Retry<CallError | Exclude<JobError, "SageMaker.JOB_INTERNAL_ERROR">>[] | undefined;
  readonly cache?: string | undefined;
}

const stepName = where(text(64), (name) => /^[A-Za-z0-9_-]+$/.test(name), "1 to 64 letters, digits, - and _");
const duration = where(
  text(40),
  (value) => /^P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$/.test(value),
  'a duration such as "P30D" or "PT1H"',
);

const retry = (errors: readonly string[]): Decoder<Retry<string>> =>
  withRules(
    strictObject({
      errors: where(list(oneOf(errors)), ({ length }) => length > 0, "a list of errors"),
      seconds: withDefault(count(1), 1),
      backoff: withDefault(number(1), 2),
      attempts: optional(count(1, 20)),
      minutes: optional(count(1, 14_400)),
    }),
    ({ attempts, minutes }) =>
      broken(attempts === undefined && minutes === undefined, "attempts", "is missing; give attempts or minutes"),
  );

/** Errors that a step of each type may be repeated after. */
const retried: Readonly<Record<string, readonly string[]>> = {
  Processing: [...callErrors, ...jobErrors],
  Training: [...callErrors, ...jobErrors],
  Transform: [...callErrors, ...jobErrors],
  Tuning: [...callErrors, ...jobErrors.filter((error) => error !== "SageMaker.JOB_INTERNAL_ERROR")],
  Model: callErrors,
  RegisterModel: callErrors,
};
const cached = ["Processing", "Training", "Transform", "Tuning"];

/** Arguments that the service refuses in a step: it gives the names itself. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  Processing: ["ProcessingJobName"],
  Training: ["TrainingJobName"],
  Transform: ["TransformJobName"],
  Tuning: ["HyperParameterTuningJobName"],
  Model: ["ModelName"],
  RegisterModel: ["ModelPackageName", "Description", "CertifyForMarketplace"],
};

/** The first argument of a step that the service refuses. */
export const forbiddenIn = ({ Type, Arguments }: DefinedStep): string | undefined =>
  forbidden[Type]?.find((name) => Object.hasOwn(Arguments, name));

/** Makes a step of a request, without the names that the pipeline gives. */
export function stepOf(type: string, name: string, request: object, options: JobStepOptions): DefinedStep {
  const decoder = strictObject({
    name: stepName,
    after: optional(list(stepName)),
    ...(type in retried && { retries: optional(list(retry(retried[type] ?? []))) }),
    ...(cached.includes(type) && { cache: optional(duration) }),
  }) as Decoder<JobStepOptions>;
  const { after, cache, retries } = decodeWith(
    decoder,
    { name, ...options },
    `The step ${JSON.stringify(name)}`,
    "step",
  );
  return defined({
    Name: name,
    Type: type,
    Arguments: Object.fromEntries(
      Object.entries(request).filter(([argument]) => forbidden[type]?.includes(argument) !== true),
    ),
    DependsOn: after,
    RetryPolicies: retries?.map(({ errors, seconds, backoff, attempts, minutes }) => ({
      ExceptionType: errors,
      IntervalSeconds: seconds,
      BackoffRate: backoff,
      MaxAttempts: attempts,
      ExpireAfterMin: minutes,
    })),
    CacheConfig: cache === undefined ? undefined : { Enabled: true, ExpireAfter: cache },
  }) as DefinedStep;
}
