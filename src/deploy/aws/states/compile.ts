import { compilePipeline } from "../pipeline/compile/compile.js";
import type { CompileOptions } from "../pipeline/compile/options.js";
import type { AwsTarget } from "../target.js";
import type { StateMachine } from "./definition.js";
import { type MachineOptions, stateMachine } from "./machine.js";

/**
 * Compiles a pipeline of jobs to a state machine of Step Functions: the same steps as {@link compilePipeline} makes, run by
 * {@link stateMachine}.
 *
 * @throws ChurnkitError PIPELINE_INVALID, OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { compileStateMachine, parseAwsTarget } from "churnkit/deploy/aws";
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
 * const graph = { inputs: { customers: "file" }, steps: [ingest, { id: "train", job: "train", inputs: { rows: "ingest.rows" } }] };
 * const machine = compileStateMachine(graph, target, { inputs: { customers: "s3://churn-data/customers.csv" } });
 * console.log(JSON.stringify(machine));
 * ```
 */
export const compileStateMachine = (
  graph: unknown,
  target: AwsTarget,
  { topic, maxSeconds, ...options }: CompileOptions & MachineOptions = {},
): StateMachine => stateMachine(compilePipeline(graph, target, options), target, { topic, maxSeconds });
