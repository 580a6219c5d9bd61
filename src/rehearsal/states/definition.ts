/** The States language in JSONPath form, as far as the rehearsal runs it. A validator has checked it before. */
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
export interface WithRetry extends WithResult {
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
}

export interface MapState extends WithRetry {
  readonly Type: "Map";
  readonly ItemsPath?: string;
  readonly ItemSelector?: unknown;
  readonly ItemProcessor?: StateMachine;
  readonly Iterator?: StateMachine;
  readonly MaxConcurrency?: number;
  readonly ToleratedFailureCount?: number;
}

export interface ParallelState extends WithRetry {
  readonly Type: "Parallel";
  readonly Branches: readonly StateMachine[];
}

export interface PassState extends WithResult {
  readonly Type: "Pass";
  readonly Result?: unknown;
}

export interface WaitState extends Common {
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

export interface EndState extends Common {
  readonly Type: "Succeed";
}

export interface FailState extends Common {
  readonly Type: "Fail";
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly Cause?: string;
  readonly CausePath?: string;
}

export type State = TaskState | MapState | ParallelState | PassState | WaitState | ChoiceState | EndState | FailState;
