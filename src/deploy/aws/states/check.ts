import { ChurnkitError } from "../../../base/errors.js";
import type { Retrier, State, StateMachine, TaskState } from "./definition.js";
import { optimized, type Pattern } from "./integrations.js";

/** Limits of Step Functions. */
const limits = { bytes: 1024 * 1024, name: 80, seconds: 99_999_999, delay: 31_622_400 };

/**
 * Checks what validators of the States language let pass: the resources of tasks, time-outs, the place of `States.ALL`, and limits. Use it
 * beside a validator, such as `asl-validator`, on machines that you have changed.
 *
 * @throws ChurnkitError PIPELINE_INVALID, naming the state.
 *
 * @example
 * ```ts
 * import { checkStateMachine } from "churnkit/deploy/aws";
 *
 * checkStateMachine({
 *   StartAt: "Tell",
 *   States: {
 *     Tell: { Type: "Task", Resource: "arn:aws:states:::sns:publish", TimeoutSeconds: 60, End: true },
 *   },
 * });
 * ```
 */
export function checkStateMachine(machine: StateMachine): void {
  const bytes = new TextEncoder().encode(JSON.stringify(machine)).length;
  if (bytes > limits.bytes)
    throw new ChurnkitError(
      "PIPELINE_INVALID",
      `The state machine is ${bytes} bytes long; Step Functions takes ${limits.bytes}. Split it.`,
    );
  const names = new Set<string>();
  for (const [name, state] of statesIn(machine)) {
    const problem = names.has(name)
      ? "occurs twice; a name belongs to one state of the machine"
      : problemOf(name, state);
    if (problem !== undefined)
      throw new ChurnkitError("PIPELINE_INVALID", `The state ${JSON.stringify(name)} ${problem}.`, {
        where: { path: `States.${name}` },
      });
    names.add(name);
  }
}

/** All states, those in branches and maps too. */
function* statesIn({ States }: StateMachine): Generator<[string, State]> {
  for (const [name, state] of Object.entries(States)) {
    yield [name, state];
    if (state.Type === "Parallel") for (const branch of state.Branches) yield* statesIn(branch);
    const inner = state.Type === "Map" ? (state.ItemProcessor ?? state.Iterator) : undefined;
    if (inner !== undefined) yield* statesIn(inner);
  }
}

function problemOf(name: string, state: State): string | undefined {
  if (name.length > limits.name) return `has a name of ${name.length} characters; Step Functions takes ${limits.name}`;
  const { Retry = [], Catch = [] } = "Retry" in state || "Catch" in state ? state : {};
  return (
    (state.Type === "Task" ? taskProblem(state) : undefined) ??
    allProblem("Retry", Retry) ??
    allProblem("Catch", Catch) ??
    Retry.map(retrierProblem).find((problem) => problem !== undefined)
  );
}

function taskProblem({
  Resource,
  TimeoutSeconds,
  TimeoutSecondsPath,
  HeartbeatSeconds,
}: TaskState): string | undefined {
  if (TimeoutSeconds === undefined && TimeoutSecondsPath === undefined)
    return "has no TimeoutSeconds; without it a task whose end is lost waits for three years";
  // In JSONata it may be an expression, of which nothing is known here.
  const isWrong =
    typeof TimeoutSeconds === "number" &&
    !(Number.isInteger(TimeoutSeconds) && TimeoutSeconds >= 1 && TimeoutSeconds <= limits.seconds);
  if (isWrong) return `has TimeoutSeconds ${TimeoutSeconds}; it is a whole number from 1 to ${limits.seconds}`;
  const pattern = patternOf(Resource);
  if (pattern === undefined)
    return `has the resource ${Resource}, which is no function, activity or integration. See the integrations of Step Functions, or use aws-sdk:service:operation`;
  if (HeartbeatSeconds === undefined) return undefined;
  if (pattern !== ".waitForTaskToken" && pattern !== "activity")
    return "has HeartbeatSeconds, but nobody sends its heartbeats; they belong to activities and .waitForTaskToken";
  return typeof HeartbeatSeconds === "string" || !(HeartbeatSeconds >= Number(TimeoutSeconds ?? NaN))
    ? undefined
    : `has HeartbeatSeconds ${HeartbeatSeconds}, which is not below TimeoutSeconds`;
}

/** How the task of a resource waits; undefined for an unknown resource. */
function patternOf(resource: string): Pattern | "activity" | undefined {
  if (/^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/.test(resource)) return "";
  if (/^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:[\w-]+$/.test(resource)) return "activity";
  const sdk = /^arn:aws[a-z-]*:states:::aws-sdk:[a-z0-9]+:[a-z]\w*(\.waitForTaskToken)?$/.exec(resource);
  if (sdk !== null) return sdk[1] === undefined ? "" : ".waitForTaskToken";
  const [, service = "", operation = "", pattern = ""] =
    /^arn:aws[a-z-]*:states:::([a-z]+):(\w+)(\.[\w:]+)?$/.exec(resource) ?? [];
  const operations = Object.hasOwn(optimized, service) ? optimized[service] : undefined;
  const patterns = operations !== undefined && Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  return patterns?.find((each) => each === pattern);
}

/** `States.ALL` stands alone, and last: what follows it is never reached. */
function allProblem(
  member: "Retry" | "Catch",
  rules: readonly { readonly ErrorEquals: readonly string[] }[],
): string | undefined {
  const at = rules.findIndex(({ ErrorEquals }) => ErrorEquals.includes("States.ALL"));
  if (at === -1) return undefined;
  if (at !== rules.length - 1) return `has States.ALL in ${member}, but not last: the rules after it are never reached`;
  return rules[at]?.ErrorEquals.length === 1 ? undefined : `has States.ALL beside other errors in ${member}`;
}

function retrierProblem({
  IntervalSeconds = 1,
  MaxAttempts = 3,
  BackoffRate = 2,
  MaxDelaySeconds,
}: Retrier): string | undefined {
  if (!Number.isInteger(IntervalSeconds) || IntervalSeconds < 1) return "has IntervalSeconds in Retry below 1";
  if (!Number.isInteger(MaxAttempts) || MaxAttempts < 0 || MaxAttempts > limits.seconds)
    return `has MaxAttempts in Retry outside 0 to ${limits.seconds}`;
  if (BackoffRate < 1) return "has a BackoffRate in Retry below 1";
  return MaxDelaySeconds !== undefined && (MaxDelaySeconds <= IntervalSeconds || MaxDelaySeconds >= limits.delay)
    ? `has MaxDelaySeconds in Retry outside ${IntervalSeconds} to ${limits.delay}`
    : undefined;
}
