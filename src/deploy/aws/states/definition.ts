/**
 * A state machine of Step Functions: the States language in JSONPath form, as plain JSON.
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
  readonly QueryLanguage?: string;
}

/** What every state may have. */
interface Common {
  readonly Comment?: string;
  readonly InputPath?: string | null;
  readonly OutputPath?: string | null;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Assign?: unknown;
}

/** States with a result. */
interface WithResult extends Common {
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
}

export interface TaskState extends WithRetry {
  readonly Type: "Task";
  readonly Resource: string;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  /** Of a task with a token or an activity: the longest silence. */
  readonly HeartbeatSeconds?: number;
}

interface MapState extends WithRetry {
  readonly Type: "Map";
  readonly ItemsPath?: string;
  readonly ItemSelector?: unknown;
  readonly ItemProcessor?: StateMachine;
  readonly Iterator?: StateMachine;
  readonly MaxConcurrency?: number;
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
  readonly Seconds?: number;
  readonly SecondsPath?: string;
  readonly Timestamp?: string;
  readonly TimestampPath?: string;
}

export interface ChoiceState extends Common {
  readonly Type: "Choice";
  readonly Choices: readonly (ChoiceRule & { readonly Next: string; readonly Assign?: unknown })[];
  readonly Default?: string;
}

/** A rule of a Choice: `And`, `Or`, `Not`, or a variable and one comparison. */
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
