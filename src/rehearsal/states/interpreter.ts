import type { Clock } from "../../base/async/index.js";
import { holds } from "./choice.js";
import type { State, StateMachine } from "../../deploy/aws/index.js";
import { matches, runtimeFault, StateFault } from "./fault.js";
import { loadPaths, put, read, type Scope } from "./paths.js";
import { evaluate } from "./intrinsics.js";
import { fill } from "./template.js";
import { together, within } from "./work.js";

type StateOf<Type extends State["Type"]> = Extract<State, { readonly Type: Type }>;
type Retrier = NonNullable<StateOf<"Task">["Retry"]>[number];

/** What a state machine needs from its surroundings. */
export interface StateServices {
  readonly clock: Clock;
  /** Numbers from 0 to below 1, for jitter, MathRandom and UUID. */
  readonly random: () => number;
  /**
   * Runs a task.
   *
   * @param signal aborted when the task has timed out or its branch was given up.
   * @throws StateFault for what Retry and Catch may handle.
   */
  readonly task: (resource: string, parameters: unknown, signal: AbortSignal) => Promise<unknown>;
  /** Is told each thing that happens. */
  readonly log?: ((event: StateEvent) => void) | undefined;
}

/** Something that happened in an execution. */
export interface StateEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly state: string;
  readonly type: "entered" | "exited" | "retried" | "caught" | "failed";
  readonly detail?: unknown;
}

interface Run {
  readonly services: StateServices;
  readonly context: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** The variables and data with which a state begins, and those with which the next one does. */
interface Flow {
  readonly data: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}
interface Done extends Flow {
  /** Name of the next state; undefined at the end. */
  readonly next: string | undefined;
}

/** Bytes of a state's data, at most. */
const largest = 262_144;
/** States of one execution, at most; AWS counts 25,000 events. */
const mostStates = 12_000;

/**
 * Runs a state machine of Step Functions to its end, on any clock: a wait of a day takes no time on a virtual one. It
 * reads the States language in its JSONPath form, and takes for granted that a validator has accepted the definition.
 *
 * @param context what `$$` reads: `Execution`, `StateMachine`.
 * @param signal ends the execution with its reason.
 * @returns the output of the last state.
 * @throws ChurnkitError PEER_MISSING without jsonpath-plus. StateFault when it ends in failure: `error` is the name that Retry and Catch compare, the message is the cause.
 * @example
 * ```ts
 * import { runStateMachine, virtualClock, type StateMachine } from "churnkit/rehearsal";
 *
 * const machine: StateMachine = {
 *   StartAt: "Train",
 *   States: {
 *     Train: { Type: "Task", Resource: "train", Retry: [{ ErrorEquals: ["Busy"], IntervalSeconds: 60 }], Next: "Rest" },
 *     Rest: { Type: "Wait", Seconds: 86_400, End: true },
 *   },
 * };
 * const clock = virtualClock(0);
 * const task = (resource: string): Promise<unknown> => Promise.resolve({ done: resource });
 * const output = await clock.until(runStateMachine(machine, {}, { clock, random: Math.random, task }));
 * console.log(output, `after ${clock.now() / 3_600_000} hours`);
 * ```
 */
export async function runStateMachine(
  machine: StateMachine,
  input: unknown,
  services: StateServices,
  context: Readonly<Record<string, unknown>> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<unknown> {
  await loadPaths();
  const run = (inner: AbortSignal): Promise<unknown> =>
    runStates(machine, { data: input, variables: {} }, { services, context, signal: inner });
  return within(machine.TimeoutSeconds, services.clock, signal, run);
}

async function runStates(machine: StateMachine, start: Flow, run: Run): Promise<unknown> {
  if (machine.QueryLanguage === "JSONata") throw runtimeFault("The rehearsal runs JSONPath only, not JSONata.");
  const { log = () => undefined, clock } = run.services;
  let flow = start;
  let name: string | undefined = machine.StartAt;
  for (let states = 0; name !== undefined; states++) {
    const state = Object.hasOwn(machine.States, name) ? machine.States[name] : undefined;
    if (state === undefined) throw runtimeFault(`There is no state ${name}.`);
    if (states === mostStates) throw runtimeFault(`The execution entered more than ${mostStates} states.`);
    const event = { state: name };
    log({ ...event, time: clock.now(), type: "entered", detail: flow.data });
    try {
      const done: Done = await runState(name, state, flow, run);
      if (JSON.stringify(done.data ?? null).length > largest)
        throw new StateFault("States.DataLimitExceeded", `The state ${name} returns more than ${largest} bytes.`);
      log({ ...event, time: clock.now(), type: "exited", detail: done.data });
      [flow, name] = [done, done.next];
    } catch (error) {
      log({
        ...event,
        time: clock.now(),
        type: "failed",
        detail: error instanceof StateFault ? error.error : undefined,
      });
      throw error;
    }
  }
  return flow.data;
}

async function runState(name: string, state: State, flow: Flow, run: Run): Promise<Done> {
  const { clock, log = () => undefined } = run.services;
  const attempts = new Map<Retrier, number>();
  for (let retries = 0; ; retries++) {
    const entered = new Date(clock.now()).toISOString();
    const context = { ...run.context, State: { Name: name, EnteredTime: entered, RetryCount: retries } };
    const scope: Scope = { ...flow, context };
    try {
      return await attempt(state, scope, { ...run, context });
    } catch (error) {
      if (!(error instanceof StateFault) || !("Retry" in state || "Catch" in state)) throw error;
      const isTask = state.Type === "Task";
      const detail = { Error: error.error, Cause: error.message };
      const retrier = state.Retry?.find(({ ErrorEquals }) => matches(ErrorEquals, error, isTask));
      const tried = retrier === undefined ? 0 : (attempts.get(retrier) ?? 0);
      if (retrier !== undefined && tried < (retrier.MaxAttempts ?? 3)) {
        attempts.set(retrier, tried + 1);
        await clock.sleep(delay(retrier, tried, run.services.random), run.signal);
        log({ time: clock.now(), state: name, type: "retried", detail });
        continue;
      }
      const catcher = state.Catch?.find(({ ErrorEquals }) => matches(ErrorEquals, error, isTask));
      if (catcher === undefined) throw error;
      log({ time: clock.now(), state: name, type: "caught", detail });
      return {
        data: put(catcher.ResultPath, flow.data, detail),
        variables: assigned(catcher.Assign, { ...scope, data: detail }, run),
        next: catcher.Next,
      };
    }
  }
}

/** Milliseconds until a retry. */
function delay(retrier: Retrier, tried: number, random: () => number): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, JitterStrategy } = retrier;
  const seconds = Math.min(IntervalSeconds * BackoffRate ** tried, MaxDelaySeconds);
  return seconds * 1000 * (JitterStrategy === "FULL" ? random() : 1);
}

async function attempt(state: State, scope: Scope, run: Run): Promise<Done> {
  const { random, clock } = run.services;
  const input = at(state.InputPath, scope);
  const own: Scope = { ...scope, data: input };
  if (state.Type === "Fail") throw failure(state, own, random);
  if (state.Type === "Choice") {
    const choice = state.Choices.find((rule) => holds(rule, own));
    const next = choice?.Next ?? state.Default;
    if (next === undefined) throw new StateFault("States.NoChoiceMatched", "No rule holds, and there is no Default.");
    const assign = choice === undefined ? state.Assign : choice.Assign;
    return { data: at(state.OutputPath, own), variables: assigned(assign, own, run), next };
  }
  let data = input;
  let result: unknown = input;
  if (state.Type === "Wait") await clock.sleep(waitOf(state, own, clock.now()), run.signal);
  else if (state.Type !== "Succeed") {
    const parameters = state.Parameters === undefined ? input : fill(state.Parameters, own, random);
    result = await resultOf(state, { input, parameters, own }, run);
    if (state.ResultSelector !== undefined) result = fill(state.ResultSelector, { ...own, data: result }, random);
    // Into the raw input: InputPath chooses what the state sees, not what it passes on.
    data = put(state.ResultPath, scope.data, result);
  }
  return {
    data: at(state.OutputPath, { ...own, data }),
    variables: assigned(state.Assign, { ...own, data: result }, run),
    next: state.Type === "Succeed" || state.End === true ? undefined : nextOf(state),
  };
}

function nextOf(state: State): string {
  if (state.Next === undefined) throw runtimeFault(`A state of type ${state.Type} has neither Next nor End.`);
  return state.Next;
}

/** Data at a path of the state; `null` discards them. */
const at = (path: string | null | undefined, scope: Scope): unknown =>
  path === null ? {} : path === undefined ? scope.data : read(path, scope);

const assigned = (template: unknown, scope: Scope, { services }: Run): Flow["variables"] =>
  template === undefined
    ? scope.variables
    : { ...scope.variables, ...(fill(template, scope, services.random) as object) };

function failure(
  { Error: error, ErrorPath, Cause, CausePath }: StateOf<"Fail">,
  scope: Scope,
  random: () => number,
): StateFault {
  const textAt = (path: string | undefined, text: string | undefined): string =>
    path === undefined ? (text ?? "") : String(evaluate(path, scope, random));
  return new StateFault(textAt(ErrorPath, error), textAt(CausePath, Cause));
}

/** Milliseconds to wait. */
function waitOf(
  { Seconds, SecondsPath, Timestamp, TimestampPath }: StateOf<"Wait">,
  scope: Scope,
  now: number,
): number {
  const seconds = SecondsPath === undefined ? Seconds : read(SecondsPath, scope);
  if (typeof seconds === "number" && seconds >= 0) return seconds * 1000;
  const until = TimestampPath === undefined ? Timestamp : read(TimestampPath, scope);
  const time = typeof until === "string" ? Date.parse(until) : NaN;
  if (Number.isNaN(time)) throw runtimeFault("A Wait state needs a number of seconds, or a timestamp.");
  return Math.max(time - now, 0);
}

interface Given {
  readonly input: unknown;
  readonly parameters: unknown;
  readonly own: Scope;
}

function resultOf(state: State, given: Given, run: Run): unknown {
  switch (state.Type) {
    case "Task":
      return runTask(state, given, run);
    case "Map":
      return runMap(state, given, run);
    case "Parallel":
      return runBranches(state, given, run);
    case "Pass":
      return state.Result ?? given.parameters;
    default:
      throw runtimeFault(`A state of type ${state.Type} has no result.`);
  }
}

function runTask(state: StateOf<"Task">, { parameters, own }: Given, { services, signal }: Run): Promise<unknown> {
  const seconds =
    state.TimeoutSecondsPath === undefined ? state.TimeoutSeconds : Number(read(state.TimeoutSecondsPath, own));
  return within(seconds, services.clock, signal, (inner) => services.task(state.Resource, parameters, inner));
}

const runBranches = ({ Branches }: StateOf<"Parallel">, { parameters, own }: Given, run: Run): Promise<unknown[]> =>
  together(Branches, Infinity, run.signal, (branch, signal) =>
    runStates(branch, { data: parameters, variables: own.variables }, { ...run, signal }),
  );

async function runMap(state: StateOf<"Map">, { input, own }: Given, run: Run): Promise<unknown[]> {
  const items = state.ItemsPath === undefined ? input : read(state.ItemsPath, own);
  if (!Array.isArray(items)) throw runtimeFault("The items of a Map state are not an array.");
  const processor = state.ItemProcessor ?? state.Iterator;
  if (processor === undefined) throw runtimeFault("A Map state has no ItemProcessor.");
  const { MaxConcurrency = 0 } = state;
  const selector = state.ItemSelector ?? state.Parameters;
  return together(
    [...items.entries()],
    MaxConcurrency === 0 ? 40 : MaxConcurrency,
    run.signal,
    ([Index, Value], signal) => {
      const context = { ...run.context, Map: { Item: { Index, Value: Value as unknown } } };
      const data: unknown = selector === undefined ? Value : fill(selector, { ...own, context }, run.services.random);
      return runStates(processor, { data, variables: own.variables }, { ...run, context, signal });
    },
  );
}
