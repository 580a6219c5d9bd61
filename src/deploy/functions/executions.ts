import type { RetrainingRun, RunReport } from "../../monitor/retraining/index.js";
import { arnOf } from "../aws/target.js";
import { awsErrorName } from "../sagemaker/call-failed.js";
import type { AwsSession } from "../sagemaker/session.js";

/** What an execution is given: members of a state machine's input, or parameters of a pipeline. */
export type ExecutionInput = Readonly<Record<string, string | number | boolean>>;

/** What runs retrainings, one execution for each run. */
export interface Executions {
  /** Starts the execution of a run, unless there is one. Returns its ARN. */
  start(run: string): Promise<string>;
  /** What became of a run's execution; undefined if it cannot be known without starting it. */
  report(run: RetrainingRun): Promise<RunReport | undefined>;
}

/** ARN of a state machine of the target. */
export const stateMachineArn = ({ target }: AwsSession, name: string): string =>
  name.startsWith("arn:") ? name : arnOf(target, "states", `stateMachine:${name}`);

/** Starts an execution whose name says why, once. Returns its ARN. */
export async function startOnce(session: AwsSession, machine: string, name: string, input: object): Promise<string> {
  try {
    await session.call("sfn", "StartExecution", { stateMachineArn: machine, name, input: JSON.stringify(input) });
  } catch (error) {
    // It has ended already.
    if (awsErrorName(error) !== "ExecutionAlreadyExists") throw error;
  }
  return executionArn(machine, name);
}

const executionArn = (machine: string, name: string): string =>
  `${machine.replace(":stateMachine:", ":execution:")}:${name}`;

/** Executions of a state machine of Step Functions, which have the names of their runs. */
export function machineExecutions(session: AwsSession, name: string, input: ExecutionInput): Executions {
  const machine = stateMachineArn(session, name);
  return {
    start: (run) => startOnce(session, machine, run, input),
    async report({ id }) {
      try {
        const found = await session.call("sfn", "DescribeExecution", { executionArn: executionArn(machine, id) });
        return reportOf(found.status, [found.error, found.cause]);
      } catch (error) {
        if (awsErrorName(error) === "ExecutionDoesNotExist") return undefined;
        throw error;
      }
    },
  };
}

/** Executions of a SageMaker pipeline, which answers the token of a run with the execution that there is. */
export function pipelineExecutions(session: AwsSession, name: string, input: ExecutionInput): Executions {
  const PipelineParameters = Object.entries(input).map(([Name, value]) => ({ Name, Value: String(value) }));
  return {
    async start(run) {
      const { PipelineExecutionArn = "" } = await session.call("sagemaker", "StartPipelineExecution", {
        PipelineName: name,
        PipelineExecutionDisplayName: run,
        ClientRequestToken: run,
        PipelineParameters,
      });
      return PipelineExecutionArn;
    },
    async report({ reference }) {
      if (reference === null) return undefined;
      const found = await session.call("sagemaker", "DescribePipelineExecution", { PipelineExecutionArn: reference });
      return reportOf(found.PipelineExecutionStatus?.toUpperCase(), [found.FailureReason]);
    },
  };
}

function reportOf(status = "UNKNOWN", reasons: readonly (string | undefined)[]): RunReport {
  if (["RUNNING", "PENDING_REDRIVE", "EXECUTING", "STOPPING"].includes(status)) return "running";
  const why = reasons.filter((reason) => reason !== undefined && reason !== "").join(": ");
  return { status: status === "SUCCEEDED" ? "succeeded" : "failed", detail: why === "" ? status : `${status}: ${why}` };
}
