import type { PipelineDefinition } from "../../aws/pipeline/definition.js";
import { nameOf } from "../../aws/target.js";
import type { AwsSession } from "../session.js";
import { startExecution } from "./start.js";
import { upsertPipeline } from "./upsert.js";
import { type PipelineWatchOptions, stopExecution, watchExecution } from "./watch.js";

export { adoptVersion } from "./adopt.js";
export { decideVersion } from "./decide.js";
export type { PipelineStepState } from "./steps.js";
export type { PipelineWatchOptions } from "./watch.js";

/**
 * A pipeline in SageMaker. Nothing is kept here: after a crash, call the same again.
 *
 * - `upsert` creates the pipeline, or updates it where the definition or the role differs.
 * - `start` starts an execution by a name of your own and returns its ARN. The execution of that name is taken up instead, if there is
 *   one; with other parameters that is an error.
 * - `watch` waits for its end, and tells each step. If it does not succeed, the error names the step, the job's reason and its log.
 * - `stop` stops an execution and its jobs, waits for that, and returns how it ended.
 *
 * @param options `name` is the whole name of the pipeline, by default the target's; `role` is the role as which it calls SageMaker, by
 * default the target's.
 *
 * @example
 * ```ts
 * import { compilePipeline, parseAwsTarget } from "churnkit/deploy/aws";
 * import { awsSession, sagemakerPipeline } from "churnkit/deploy/sagemaker";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const ingest = { id: "ingest", job: "ingest", params: { target: "churn", positive: "Yes" }, inputs: { file: "input.customers" } };
 * const definition = compilePipeline({ inputs: { customers: "file" }, steps: [ingest] }, target);
 * const session = awsSession(target);
 * const pipeline = sagemakerPipeline(session);
 * async function run(): Promise<void> {
 *   await pipeline.upsert(definition);
 *   const execution = await pipeline.start("2026-11", { CustomersUri: "s3://churn-data/raw/2026-11.csv" });
 *   await pipeline.watch(execution, { onStep: ({ name, status }) => console.log(name, status) });
 * }
 * console.assert(typeof run === "function");
 * session.close();
 * ```
 */
export function sagemakerPipeline(
  session: AwsSession,
  options: { readonly name?: string | undefined; readonly role?: string | undefined } = {},
) {
  const { name = nameOf(session.target), role = session.target.role } = options;
  return {
    /** @throws ChurnkitError AWS_FAILED for a definition that SageMaker refuses. */
    upsert: (definition: PipelineDefinition) => upsertPipeline(session, { name, role }, definition),
    /** @throws ChurnkitError OPTION_INVALID for an execution of that name with other parameters. */
    start: (execution: string, parameters: Readonly<Record<string, string | number | boolean>> = {}) =>
      startExecution(session, name, execution, parameters),
    /** @throws ChurnkitError JOB_FAILED if it fails, is stopped, or has not ended in time. */
    watch: (execution: string, watching: PipelineWatchOptions = {}) => watchExecution(session, execution, watching),
    stop: (execution: string) => stopExecution(session, execution),
  };
}
