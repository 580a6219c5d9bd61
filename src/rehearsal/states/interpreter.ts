import type { Clock } from "../../base/async/index.js";
import type { State, StateMachine } from "../../deploy/aws/index.js";
import { matches, runtimeFault, StateFault } from "./fault.js";
import { loadJsonata } from "./jsonata.js";
import { jsonataLanguage } from "./jsonata-language.js";
import { jsonPathLanguage } from "./jsonpath-language.js";
import { type Flow, type Language, type LanguageName, languageOf, type StateOf } from "./language.js";
import { loadPaths, type Scope } from "./paths.js";
import { together, within } from "./work.js";

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
  readonly languages: Readonly<Record<LanguageName, Language>>;
  /** The machine's own language. */
  readonly language: LanguageName;
  readonly context: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
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
 * reads the States language in JSONPath and JSONata, and takes for granted that a validator has accepted the definition.
 *
 * @param context what `$$` reads: `Execution`, `StateMachine`.
 * @param signal ends the execution with its reason.
 * @returns the output of the last state.
 * @throws ChurnkitError PEER_MISSING without jsonpath-plus, or jsonata for a machine that uses it. StateFault when it ends in failure: `error` is the name that Retry and Catch compare, the message is the cause.
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
  await loadLanguages(machine);
  const languages = { JSONPath: jsonPathLanguage(services), JSONata: jsonataLanguage(services) };
  const language = machine.QueryLanguage ?? "JSONPath";
  const run = (inner: AbortSignal): Promise<unknown> =>
    runStates(machine, { data: input, variables: {} }, { services, languages, language, context, signal: inner });
  return within(machine.TimeoutSeconds, services.clock, signal, run);
}

/**
 * Loads what a machine's query languages need.
 *
 * @throws ChurnkitError PEER_MISSING.
 */
export async function loadLanguages(machine: StateMachine): Promise<void> {
  await loadPaths();
  // Quotes inside a text are escaped, so that this stands for a member.
  if (JSON.stringify(machine).includes('"QueryLanguage":"JSONata"')) await loadJsonata();
}

async function runStates(machine: StateMachine, start: Flow, run: Run): Promise<unknown> {
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
  const language = run.languages[languageOf(name, state, run.language)];
  const attempts = new Map<Retrier, number>();
  for (let retries = 0; ; retries++) {
    const entered = new Date(clock.now()).toISOString();
    const context = { ...run.context, State: { Name: name, EnteredTime: entered, RetryCount: retries } };
    const scope: Scope = { ...flow, context };
    try {
      return await attempt(state, language, scope, { ...run, context });
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
      return { ...(await language.caught(catcher, scope, detail)), next: catcher.Next };
    }
  }
}

/** Milliseconds until a retry. */
function delay(retrier: Retrier, tried: number, random: () => number): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, JitterStrategy } = retrier;
  const seconds = Math.min(IntervalSeconds * BackoffRate ** tried, MaxDelaySeconds);
  return seconds * 1000 * (JitterStrategy === "FULL" ? random() : 1);
}

async function attempt(state: State, language: Language, scope: Scope, run: Run): Promise<Done> {
  const own: Scope = { ...scope, data: language.input(state, scope) };
  switch (state.Type) {
    case "Fail":
      throw await language.failure(state, own);
    case "Choice": {
      const rule = await language.choice(state, own);
      const next = rule?.Next ?? state.Default;
      if (next === undefined) throw new StateFault("States.NoChoiceMatched", "No rule holds, and there is no Default.");
      return { ...(await language.left(state, rule ?? state, own)), next };
    }
    case "Succeed":
      return { ...(await language.left(state, state, own)), next: undefined };
    case "Wait":
      await run.services.clock.sleep(await language.wait(state, own), run.signal);
      return { ...(await language.left(state, state, own)), next: nextOf(state) };
    case "Pass":
      return { ...(await language.passed(state, scope, own)), next: nextOf(state) };
    case "Task":
    case "Map":
    case "Parallel": {
      const result = await work(state, language, own, run);
      return { ...(await language.returned(state, scope, own, result)), next: nextOf(state) };
    }
  }
}

/** Name of the next state; undefined at the end. */
function nextOf(state: State): string | undefined {
  if (state.End === true) return undefined;
  if (state.Next === undefined) throw runtimeFault(`A state of type ${state.Type} has neither Next nor End.`);
  return state.Next;
}

/** Does what a state does, and gives its result. */
function work(state: StateOf<"Task" | "Map" | "Parallel">, language: Language, own: Scope, run: Run): Promise<unknown> {
  switch (state.Type) {
    case "Task":
      return runTask(state, language, own, run);
    case "Map":
      return runMap(state, language, own, run);
    case "Parallel":
      return runBranches(state, language, own, run);
  }
}

async function runTask(state: StateOf<"Task">, language: Language, own: Scope, run: Run): Promise<unknown> {
  const { services, signal } = run;
  const given = await language.given(state, own);
  const seconds = await language.timeout(state, own);
  return within(seconds, services.clock, signal, (inner) => services.task(state.Resource, given, inner));
}

async function runBranches(state: StateOf<"Parallel">, language: Language, own: Scope, run: Run): Promise<unknown[]> {
  const data = await language.given(state, own);
  return together(state.Branches, Infinity, run.signal, (branch, signal) =>
    runStates(branch, { data, variables: own.variables }, { ...run, signal }),
  );
}

async function runMap(state: StateOf<"Map">, language: Language, own: Scope, run: Run): Promise<unknown[]> {
  const items = await language.items(state, own);
  if (!Array.isArray(items)) throw runtimeFault("The items of a Map state are not an array.");
  const processor = state.ItemProcessor ?? state.Iterator;
  if (processor === undefined) throw runtimeFault("A Map state has no ItemProcessor.");
  const most = await language.concurrency(state, own);
  return together([...items.entries()], most === 0 ? 40 : most, run.signal, async ([Index, Value], signal) => {
    const context = { ...run.context, Map: { Item: { Index, Value: Value as unknown } } };
    const data = await language.item(state, { ...own, context }, Value);
    return runStates(processor, { data, variables: own.variables }, { ...run, context, signal });
  });
}
