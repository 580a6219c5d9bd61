import type { VirtualClock } from "../../clock.js";
import type { Outcome } from "./cache.js";
import { holds, type Condition } from "./conditions.js";
import type { Step } from "./graph.js";
import { callError, jobError, StepError } from "./retries.js";

type Members = Readonly<Record<string, unknown>>;

/** What steps work with. */
export interface Workplace {
  readonly clock: VirtualClock;
  /** Runs an operation of SageMaker with the pipeline's role. */
  readonly call: (operation: string, input: Members) => Promise<Members>;
  /** Resolves as soon as any job has changed. */
  readonly changed: () => Promise<void>;
  /** Calls a Lambda function. */
  readonly invoke: (arn: string, event: unknown) => Promise<unknown>;
}

/** One attempt of a step. */
export interface Attempt {
  readonly step: Step;
  /** Its arguments, without references. */
  readonly input: Members;
  /** Name of what it makes, at most so many characters long. */
  readonly name: (longest: number) => string;
  readonly signal: AbortSignal;
  /** Is told what it has made, as soon as that exists. */
  readonly begun: (metadata: Members) => void;
}

type Work = (attempt: Attempt, workplace: Workplace) => Promise<Outcome>;

/** A step that runs a job: starts it and waits for its end; the job is stopped if the execution is. */
const job =
  (kind: string, metadataName: string, longest = 63): Work =>
  async ({ input, name: nameOf, signal, begun }, { call, changed }) => {
    const name = { [`${kind}Name`]: nameOf(longest) };
    const made = await called(`Create${kind}`, { ...input, ...name }, call);
    const metadata = { [metadataName]: { Arn: made[`${kind}Arn`] } };
    begun(metadata);
    const stop = (): void => void call(`Stop${kind}`, name).catch(() => undefined);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const described = await ended(kind, name, { call, changed });
      return { properties: { ...described, ...(await tuned(kind, name, call)) }, metadata };
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };

/** A job's description once it is completed. @throws StepError for another end. */
async function ended(kind: string, name: Members, { call, changed }: Pick<Workplace, "call" | "changed">) {
  for (;;) {
    const next = changed();
    const described = await call(`Describe${kind}`, name);
    const status = described[`${kind}Status`];
    if (status === "Completed") return described;
    if (status === "Failed") throw jobError(textOf(described["FailureReason"]));
    if (status === "Stopped")
      throw new StepError("ClientError", `The job ended as ${textOf(described["SecondaryStatus"] ?? status)}.`);
    await next;
  }
}

/** The jobs of a tuning job, the best first, which its description does not have. */
async function tuned(kind: string, name: Members, call: Workplace["call"]): Promise<Members> {
  if (kind !== "HyperParameterTuningJob") return {};
  const best = { SortBy: "FinalObjectiveMetricValue", SortOrder: "Descending" };
  const { TrainingJobSummaries } = await call("ListTrainingJobsForHyperParameterTuningJob", { ...name, ...best });
  return { TrainingJobSummaries };
}

/** Makes a model. */
const model: Work = async ({ input, name }, { call }) => {
  const ModelName = name(63);
  const { ModelArn } = await called("CreateModel", { ...input, ModelName }, call);
  return { properties: { ...input, ModelName, ModelArn }, metadata: { Model: { Arn: ModelArn } } };
};

/** Registers a version; the group is made with the first. */
const register: Work = async ({ input }, { call }) => {
  const group = { ModelPackageGroupName: input["ModelPackageGroupName"] };
  await called("CreateModelPackageGroup", group, call).catch((error: unknown) => {
    if (!String(error).includes("already exists")) throw error;
  });
  const { ModelPackageArn } = await called("CreateModelPackage", input, call);
  const properties = await call("DescribeModelPackage", { ModelPackageName: ModelPackageArn });
  return { properties, metadata: { RegisterModel: { Arn: ModelPackageArn } } };
};

const called = (operation: string, input: Members, call: Workplace["call"]): Promise<Members> =>
  call(operation, input).catch((error: unknown) => {
    throw callError(operation, error);
  });

const condition: Work = ({ input }) => {
  const Outcome = (input["Conditions"] as readonly Condition[]).every(holds) ? "True" : "False";
  return Promise.resolve({ properties: { Outcome }, metadata: { Condition: { Outcome } } });
};

const lambda: Work = async ({ step: { FunctionArn = "", OutputParameters = [] }, input }, { invoke }) => {
  const answer = await invoke(FunctionArn, input).catch((error: unknown) => {
    throw new StepError(
      "ClientError",
      `Lambda ${FunctionArn} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  const given = (answer ?? {}) as Members;
  const outputs = Object.fromEntries(OutputParameters.map(({ OutputName }) => [OutputName, given[OutputName]]));
  const listed = Object.entries(outputs).map(([Name, value]) => ({ Name, Value: String(value) }));
  return {
    properties: { OutputParameters: outputs },
    metadata: { Lambda: { Arn: FunctionArn, OutputParameters: listed } },
  };
};

const fail: Work = ({ input: { ErrorMessage }, begun }) => {
  begun({ Fail: { ErrorMessage } });
  return Promise.reject(new Error(textOf(ErrorMessage)));
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** What each type of step does. */
export const works: Readonly<Record<string, Work>> = {
  Processing: job("ProcessingJob", "ProcessingJob"),
  Training: job("TrainingJob", "TrainingJob"),
  // Its jobs' names begin with its own.
  Tuning: job("HyperParameterTuningJob", "TuningJob", 32),
  Transform: job("TransformJob", "TransformJob"),
  Model: model,
  RegisterModel: register,
  Condition: condition,
  Lambda: lambda,
  Fail: fail,
};
