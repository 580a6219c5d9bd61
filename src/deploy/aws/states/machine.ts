import { ChurnkitError } from "../../../base/errors.js";
import { count, type Decoder, optional, strictObject, text, where, withDefault } from "../../../base/json/index.js";
import { decodeWith } from "../decode.js";
import type { PipelineDefinition } from "../pipeline/definition.js";
import type { DefinedStep } from "../pipeline/step.js";
import type { Reference } from "../requests/referable.js";
import { type AwsTarget, parseAwsTarget } from "../target.js";
import { checkStateMachine } from "./check.js";
import { choiceStates } from "./choices.js";
import type { State, StateMachine } from "./definition.js";
import { ends, endStates } from "./ends.js";
import { callOf, expressionsOf } from "./expressions.js";
import { integrationArn } from "./integrations.js";
import { catches, type Surroundings, uniqueName } from "./surroundings.js";
import { taskStates } from "./tasks.js";

/** What a state machine has besides its steps. */
export interface MachineOptions {
  /** ARN of the SNS topic that is told how an execution ended. */
  readonly topic?: string | undefined;
  /** Longest execution; a week by default. */
  readonly maxSeconds?: number | undefined;
}

/** The options that every machine has. */
export const machineMembers = {
  topic: optional(
    where(
      text(256),
      (arn) => /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/.test(arn),
      'the ARN of an SNS topic, such as "arn:aws:sns:us-east-1:123456789012:churn"',
    ),
  ),
  maxSeconds: withDefault(count(60, 31_536_000), 604_800),
};

/**
 * A pipeline as a state machine of Step Functions. Steps run one after the other, in their order. A parameter is a member of the execution's
 * input; results of steps are in `$.Steps`. Throttled calls and faults of services are repeated, and every failure ends in a
 * notification.
 *
 * @throws ChurnkitError PIPELINE_INVALID for a step that Step Functions cannot run; OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, pipelineDefinition, refs, stateMachine, steps } from "churnkit/deploy/aws";
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
 * const train = steps.training("Train", target, {
 *   channels: { train: { uri: refs.parameter("DataUri") } },
 *   instanceType: "ml.m5.xlarge",
 *   maxSeconds: 3600,
 * });
 * const pipeline = pipelineDefinition({ parameters: { DataUri: { type: "String" } }, steps: [train] });
 * const machine = stateMachine(pipeline, target, { topic: "arn:aws:sns:us-east-1:123456789012:churn" });
 * console.log(JSON.stringify(machine));
 * ```
 */
export function stateMachine(
  pipeline: PipelineDefinition,
  json: AwsTarget,
  options: MachineOptions = {},
): StateMachine {
  const target = parseAwsTarget(json);
  const decoded = decodeMachine(options, strictObject(machineMembers));
  const nameOf = (step: DefinedStep): string => uniqueName(target, step);
  const surroundings: Surroundings = {
    expressions: expressionsOf(allSteps(pipeline.Steps), nameOf),
    arn: integrationArn(target),
    nameOf,
    catches,
    failed: ends.failed,
  };
  const { start, states } = chain(pipeline.Steps, ends.succeeded, surroundings, typesOf(pipeline));
  return assembled(target, pipeline, decoded, start, states);
}

/** Reads the options of a machine. */
export const decodeMachine = <Options>(options: MachineOptions, decoder: Decoder<Options>): Options =>
  decodeWith(decoder, options, "The state machine", "options");

/** Step Functions keeps 25,000 events of an execution, and a poll makes up to nine. */
const mostPolls = 2700;

/** @throws ChurnkitError OPTION_INVALID when an execution that asks so often would have too many events. */
export function checkPolls(option: string, seconds: number, { maxSeconds }: { readonly maxSeconds: number }): void {
  if (maxSeconds / seconds <= mostPolls) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The state machine asks every ${seconds} s for ${maxSeconds} s, which is more events than an execution may have. Give ${option} of at least ${Math.ceil(maxSeconds / mostPolls)}.`,
    { where: { path: `options.${option}` } },
  );
}

/** A whole machine: the states that take the input, its own, and the ends. */
export function assembled(
  target: AwsTarget,
  pipeline: Pick<PipelineDefinition, "Parameters">,
  { topic, maxSeconds }: { readonly topic?: string | undefined; readonly maxSeconds: number },
  start: string,
  states: readonly [string, State][],
): StateMachine {
  const machine: StateMachine = {
    StartAt: begin,
    TimeoutSeconds: maxSeconds,
    States: reachable([...beginStates(pipeline, start), ...states, ...endStates(target, topic)]),
  };
  checkStateMachine(machine);
  return machine;
}

/** No step has a space in its name. */
const begin = "Take defaults";
type TypeOf = (reference: Reference) => string | undefined;

/** States of steps in a row, and the one they begin with: the next one if there are none. */
function chain(
  steps: readonly DefinedStep[],
  next: string,
  surroundings: Surroundings,
  typeOf: TypeOf,
): { readonly start: string; readonly states: [string, State][] } {
  const [step, ...others] = steps;
  if (step === undefined) return { start: next, states: [] };
  const rest = chain(others, next, surroundings, typeOf);
  return { start: step.Name, states: [...statesOf(step, rest.start, surroundings, typeOf), ...rest.states] };
}

function statesOf(step: DefinedStep, next: string, surroundings: Surroundings, typeOf: TypeOf): [string, State][] {
  if (step.Type === "Condition") {
    const [yes, no] = branchesOf(step).map((branch) => chain(branch, next, surroundings, typeOf));
    const starts = { if: yes?.start ?? next, else: no?.start ?? next };
    return [...choiceStates(step, starts, surroundings, typeOf), ...(yes?.states ?? []), ...(no?.states ?? [])];
  }
  return step.Type === "Fail" ? [[step.Name, failure(step, surroundings)]] : taskStates(step, next, surroundings);
}

/** The states that an execution can come to; Step Functions refuses others. */
function reachable(states: readonly (readonly [string, State])[]): Record<string, State> {
  const all = new Map(states);
  const reached = new Set<string>();
  const follow = (name: string | undefined): void => {
    const state = name === undefined ? undefined : all.get(name);
    if (name === undefined || state === undefined || reached.has(name)) return;
    reached.add(name);
    follow(state.Next);
    if (state.Type === "Choice")
      for (const next of [state.Default, ...state.Choices.map(({ Next }) => Next)]) follow(next);
    if (state.Type === "Task") for (const { Next } of state.Catch ?? []) follow(Next);
  };
  follow(begin);
  return Object.fromEntries(states.filter(([name]) => reached.has(name)));
}

/** The step's name as the error, and its message as the cause. */
function failure({ Name, Arguments }: DefinedStep, { expressions, failed }: Surroundings): State {
  const cause = callOf(["", ...expressions.pieces(Arguments["ErrorMessage"] as string | Reference)]);
  return { Type: "Pass", Parameters: { Error: Name, "Cause.$": cause }, ResultPath: "$.Failure", Next: failed };
}

const branchesOf = ({ Arguments: { IfSteps = [], ElseSteps = [] } }: DefinedStep): DefinedStep[][] =>
  [IfSteps, ElseSteps] as DefinedStep[][];

const allSteps = (steps: readonly DefinedStep[]): DefinedStep[] =>
  steps.flatMap((step) => [step, ...branchesOf(step).flatMap(allSteps)]);

const kinds = { String: "String", Integer: "Numeric", Float: "Numeric", Boolean: "Boolean" } as const;

function typesOf({ Parameters }: PipelineDefinition): TypeOf {
  const types = new Map(Parameters.map(({ Name, Type }) => [`Parameters.${Name}`, kinds[Type]]));
  return (reference) => ("Get" in reference ? types.get(reference.Get) : undefined);
}

/** The states that make the data which references read: an id of the execution, and its input over the parameters' defaults. */
function beginStates({ Parameters }: Pick<PipelineDefinition, "Parameters">, next: string): [string, State][] {
  const defaults = Parameters.filter(({ DefaultValue }) => DefaultValue !== undefined);
  return [
    [
      begin,
      {
        Type: "Pass",
        Parameters: {
          Defaults: Object.fromEntries(defaults.map(({ Name, DefaultValue }) => [Name, DefaultValue])),
          "ExecutionId.$": "States.Hash(States.Format('{} {}', $$.Execution.Id, $$.Execution.StartTime), 'MD5')",
        },
        Next: "Take input",
      },
    ],
    [
      "Take input",
      {
        Type: "Pass",
        Parameters: {
          "Parameters.$": "States.JsonMerge($.Defaults, $$.Execution.Input, false)",
          "ExecutionId.$": "$.ExecutionId",
          Steps: {},
        },
        Next: next,
      },
    ],
  ];
}
