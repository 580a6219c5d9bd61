import type { StartPipelineExecutionRequest } from "@aws-sdk/client-sagemaker";
import { canonicalJson } from "../../../base/json/index.js";
import { AwsError, invalid } from "../../front/aws-error.js";
import { type StepCache, stepCache } from "./cache.js";
import { type Execution, type ExecutionStatus, type Pipeline, type StepRun } from "./execution.js";
import { parametersOf } from "./parameters.js";
import { randomId, runExecution, type RunnerOptions } from "./runner.js";

export interface ExecutionsOptions extends Omit<RunnerOptions, "cache" | "call" | "invoke"> {
  readonly callAs: (role: string) => RunnerOptions["call"];
  readonly invokeAs: (role: string) => RunnerOptions["invoke"];
  readonly onExecution: (execution: Execution, former: ExecutionStatus | undefined) => void;
}

/** The executions of all pipelines. */
export interface Executions {
  /** Starts one; the same token is the same execution. */
  start(pipeline: Pipeline, request: StartPipelineExecutionRequest): Execution;
  find(arn: string | undefined): Execution;
  stop(arn: string | undefined): void;
  /** Runs again what has not succeeded. */
  retry(arn: string | undefined): void;
  /** The oldest first. */
  of(pipelineArn: string): readonly Execution[];
}

/** Steps at a time, unless the pipeline or the execution says otherwise. */
const mostParallel = 50;

export function executionsOf(options: ExecutionsOptions): Executions {
  const { clock, random, callAs, invokeAs, onExecution } = options;
  const executions = new Map<string, Execution>();
  const byToken = new Map<string, { readonly arn: string; readonly request: string }>();
  const caches = new Map<string, StepCache>();

  function find(arn = ""): Execution {
    const found = executions.get(arn);
    if (found === undefined) throw new AwsError("ResourceNotFound", `Pipeline execution ${arn} does not exist.`);
    return found;
  }

  function change(execution: Execution, status: ExecutionStatus, former: ExecutionStatus | undefined): void {
    execution.status = status;
    execution.modified = clock.now() / 1000;
    onExecution(execution, former);
  }

  function run(execution: Execution): void {
    const { arn, role } = execution.pipeline;
    const cache = caches.get(arn) ?? stepCache();
    caches.set(arn, cache);
    const end = (status: ExecutionStatus, reason?: string): void => {
      execution.reason = reason;
      change(execution, status, execution.status);
    };
    runExecution(execution, {
      ...options,
      objects: options.objects.as(role),
      call: callAs(role),
      invoke: invokeAs(role),
      cache,
    }).then(
      (status) => end(status, status === "Failed" ? "Step failure: One or multiple steps failed." : undefined),
      (error: unknown) => end("Failed", String(error)),
    );
  }

  function start(
    pipeline: Pipeline,
    { ClientRequestToken: token, ...request }: StartPipelineExecutionRequest,
  ): Execution {
    const known = token === undefined ? undefined : byToken.get(token);
    const text = canonicalJson(request);
    if (known !== undefined && known.request !== text)
      throw new AwsError("ConflictException", "The ClientRequestToken was used with other parameters.");
    if (known !== undefined) return find(known.arn);
    if (request.SelectiveExecutionConfig !== undefined) throw invalid("The rehearsal has no selective execution.");
    const execution = newExecution(pipeline, request, `${pipeline.arn}/execution/${randomId(12, random)}`, clock.now());
    if (token !== undefined) byToken.set(token, { arn: execution.arn, request: text });
    executions.set(execution.arn, execution);
    change(execution, "Executing", undefined);
    run(execution);
    return execution;
  }

  return {
    start,
    find,
    stop(arn) {
      const execution = find(arn);
      if (execution.status === "Stopping") return;
      if (execution.status !== "Executing")
        throw invalid(`Pipeline execution ${arn} has ended as ${execution.status}.`);
      change(execution, "Stopping", "Executing");
      execution.abort.abort(new Error("The execution was stopped."));
    },
    retry(arn) {
      const execution = find(arn);
      const { status, steps } = execution;
      if (status !== "Failed" && status !== "Stopped")
        throw invalid(`Pipeline execution ${arn} is ${status}; only one that failed or was stopped can be retried.`);
      for (const [name, run] of steps) if (run.status !== "Succeeded") steps.delete(name);
      execution.reason = undefined;
      execution.abort = new AbortController();
      change(execution, "Executing", status);
      run(execution);
    },
    of: (pipelineArn) => [...executions.values()].filter(({ pipeline }) => pipeline.arn === pipelineArn),
  };
}

function newExecution(
  pipeline: Pipeline,
  request: StartPipelineExecutionRequest,
  arn: string,
  milliseconds: number,
): Execution {
  const { PipelineParameters, ParallelismConfiguration: own } = request;
  const { MaxParallelExecutionSteps = mostParallel } = own ?? pipeline.described.ParallelismConfiguration ?? {};
  return {
    arn,
    pipeline,
    parameters: parametersOf(pipeline.definition.Parameters, PipelineParameters),
    displayName: request.PipelineExecutionDisplayName,
    description: request.PipelineExecutionDescription,
    mostParallel: MaxParallelExecutionSteps,
    started: milliseconds / 1000,
    status: "Executing",
    modified: milliseconds / 1000,
    steps: new Map<string, StepRun>(),
    abort: new AbortController(),
  };
}
