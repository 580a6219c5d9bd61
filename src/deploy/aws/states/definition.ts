/**
 * A state machine of Step Functions: the States language in JSONPath form, which churnkit's definitions are in, or in JSONata form, as plain JSON.
 *
 * @example
 * ```ts
 * import type { StateMachine } from "churnkit/deploy/aws";
 *
 * const machine: StateMachine = {
 *   StartAt: "Rest",
 *   States: { Rest: { Type: "Wait", Seconds: 86_400, End: true } },
 * };
 * ```
 */
export interface StateMachine {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly TimeoutSeconds?: number;
  readonly QueryLanguage?: QueryLanguage;
}

/** How states read and write data. */
export type QueryLanguage = "JSONPath" | "JSONata";

/** A number, or in JSONata an expression that gives one: `{% $states.input.seconds %}`. */
type Count = number | string;

/** What every state may have. */
interface Common {
  readonly Comment?: string;
  readonly QueryLanguage?: QueryLanguage;
  readonly InputPath?: string | null;
  readonly OutputPath?: string | null;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Assign?: unknown;
  /** In JSONata. */
  readonly Output?: unknown;
}

/** States with a result. */
interface WithResult extends Common {
  /** In JSONata. */
  readonly Arguments?: unknown;
  readonly Parameters?: unknown;
  readonly ResultSelector?: unknown;
  readonly ResultPath?: string | null;
}

/** States that can fail and be tried again. */
interface WithRetry extends WithResult {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: "FULL" | "NONE";
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly ResultPath?: string | null;
  readonly Next: string;
  readonly Assign?: unknown;
  /** In JSONata. */
  readonly Output?: unknown;
}

export interface TaskState extends WithRetry {
  readonly Type: "Task";
  readonly Resource: string;
  readonly TimeoutSeconds?: Count;
  readonly TimeoutSecondsPath?: string;
  /** Of a task with a token or an activity: the longest silence. */
  readonly HeartbeatSeconds?: Count;
}

interface MapState extends WithRetry {
  readonly Type: "Map";
  readonly ItemsPath?: string;
  /** In JSONata. */
  readonly Items?: unknown;
  readonly ItemSelector?: unknown;
  readonly ItemProcessor?: StateMachine;
  readonly Iterator?: StateMachine;
  readonly MaxConcurrency?: Count;
  readonly ToleratedFailureCount?: number;
}

interface ParallelState extends WithRetry {
  readonly Type: "Parallel";
  readonly Branches: readonly StateMachine[];
}

export interface PassState extends WithResult {
  readonly Type: "Pass";
  readonly Result?: unknown;
}

interface WaitState extends Common {
  readonly Type: "Wait";
  readonly Seconds?: Count;
  readonly SecondsPath?: string;
  readonly Timestamp?: string;
  readonly TimestampPath?: string;
}

export interface ChoiceState extends Common {
  readonly Type: "Choice";
  readonly Choices: readonly (ChoiceRule & {
    readonly Next: string;
    readonly Assign?: unknown;
    /** In JSONata. */
    readonly Output?: unknown;
  })[];
  readonly Default?: string;
}

/** A rule of a Choice: `And`, `Or`, `Not`, or a variable and one comparison; in JSONata a `Condition`. */
export type ChoiceRule = Readonly<Record<string, unknown>>;

interface EndState extends Common {
  readonly Type: "Succeed";
}

interface FailState extends Common {
  readonly Type: "Fail";
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly Cause?: string;
  readonly CausePath?: string;
}

/** A state of a {@link StateMachine}. */
export type State = TaskState | MapState | ParallelState | PassState | WaitState | ChoiceState | EndState | FailState;
