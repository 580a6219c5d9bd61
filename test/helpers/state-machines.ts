import aslValidator from "asl-validator";
import {
  type State,
  type StateMachine,
  checkStateMachine,
  parseAwsTarget,
  refs,
  retrainingMachine,
} from "../../src/deploy/aws/index.js";
import { awsTarget } from "./aws-target.js";
import { checkRequest } from "./botocore.js";
import { inPlace } from "./pipeline-steps.js";

/** ARN of a function of the tests' account. */
export const lambda = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
export const topic = "arn:aws:sns:us-east-1:123456789012:churn";

const target = parseAwsTarget(awsTarget);
const run = refs.join("/", ["s3://churn-data/runs", refs.execution("PipelineExecutionId")]);

/** A retraining. */
export const retraining = (options: Partial<Parameters<typeof retrainingMachine>[1]> = {}): StateMachine =>
  retrainingMachine(target, {
    data: "s3://churn-data/raw/customers.csv",
    validate: lambda("validate"),
    prepare: {
      entrypoint: ["churnkit-container", "process", "ingest"],
      arguments: ["--from", refs.parameter("DataUri")],
      inputs: { file: { uri: refs.parameter("DataUri") } },
      outputs: { rows: { uri: run } },
      instanceType: "ml.m5.large",
      maxSeconds: 3600,
    },
    train: {
      channels: { train: { uri: refs.output("Prepare", "rows") } },
      hyperparameters: { learner: "network", minF1: refs.parameter("MinF1") },
      instanceType: "ml.m5.xlarge",
      maxSeconds: 7200,
    },
    evaluate: lambda("evaluate"),
    register: { realTimeInstances: ["ml.m5.large"], metadata: { execution: refs.execution("PipelineExecutionArn") } },
    topic,
    ...options,
  });

/** What our own checks find. */
export function own(machine: StateMachine): string[] {
  try {
    checkStateMachine(machine);
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** What the validator of the States language finds. */
export const validator = (machine: StateMachine): string[] =>
  aslValidator(machine).errors.map((each) => JSON.stringify(each));

/** What the validator, our own checks and, if they are there, AWS's models find. */
export const findings = (machine: StateMachine, hasModels: boolean): string[] => [
  ...validator(machine),
  ...own(machine),
  ...(hasModels ? taskProblems(machine) : []),
];

const services: Readonly<Record<string, string>> = { states: "stepfunctions" };

/** What is wrong with the parameters of tasks by AWS's own model of the requests that they become. */
export const taskProblems = ({ States }: StateMachine): string[] =>
  Object.entries(States).flatMap(([name, state]) => {
    if (state.Type !== "Task") return [];
    const [, service = "", operation = ""] = /:::(?:aws-sdk:)?(\w+):(\w+)/.exec(state.Resource) ?? [];
    const request = filled(state) as Record<string, unknown>;
    // Lambda takes text, an integration JSON.
    if ("Payload" in request) request["Payload"] = JSON.stringify(request["Payload"]);
    const Operation = operation.charAt(0).toUpperCase() + operation.slice(1);
    return checkRequest(services[service] ?? service, Operation, request).map((problem) => `${name}: ${problem}`);
  });

/** Parameters with something in place of each path. */
function filled({ Parameters }: State & { Type: "Task" }): unknown {
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]: [string, unknown]) =>
        key.endsWith(".$") ? [key.slice(0, -2), given(key.slice(0, -2), String(member))] : [key, fill(member)],
      ),
    );
  };
  return fill(Parameters ?? {});
}

function given(key: string, call: string): unknown {
  if (call.startsWith("States.Array(")) return ["x"];
  if (key === "PipelineExecutionArn") return "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/e";
  if (!/Name$|Token$/.test(key)) return inPlace(key);
  // The longest name that the call can give.
  const [, format = "{}"] = /^States\.Format\('((?:[^'\\]|\\.)*)'/.exec(call) ?? [];
  return format.replaceAll("{}", "0".repeat(32));
}
