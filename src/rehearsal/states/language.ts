import type { Clock } from "../../base/async/index.js";
import type { State } from "../../deploy/aws/index.js";
import { runtimeFault, type StateFault } from "./fault.js";
import type { Scope } from "./paths.js";

export type StateOf<Type extends State["Type"]> = Extract<State, { readonly Type: Type }>;
export type Catcher = NonNullable<StateOf<"Task">["Catch"]>[number];
type Rule = StateOf<"Choice">["Choices"][number];

/** The data and variables that a state begins with, or hands on. */
export type Flow = Pick<Scope, "data" | "variables">;
type Eventually<T> = T | Promise<T>;

/** What values come from beside the data. */
export interface Sources {
  readonly clock: Clock;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
}

/**
 * A query language: how states read their data and make those of the next state. `scope` is what a state begins with, `own` the same with
 * the state's input as its data.
 */
export interface Language {
  /** What a state sees of its data. */
  input(state: State, scope: Scope): unknown;
  /** What a task and branches are given. */
  given(state: StateOf<"Task" | "Parallel">, own: Scope): Eventually<unknown>;
  /** What a Map works on; an array, if all is well. */
  items(state: StateOf<"Map">, own: Scope): Eventually<unknown>;
  /** What one run of a Map is given. */
  item(state: StateOf<"Map">, own: Scope, value: unknown): Eventually<unknown>;
  /** Runs of a Map at a time; 0 for as many as there may be. */
  concurrency(state: StateOf<"Map">, own: Scope): Eventually<number>;
  /** Seconds that a task has. */
  timeout(state: StateOf<"Task">, own: Scope): Eventually<number | undefined>;
  /** Milliseconds to wait. */
  wait(state: StateOf<"Wait">, own: Scope): Eventually<number>;
  failure(state: StateOf<"Fail">, own: Scope): Eventually<StateFault>;
  /** The first rule that holds. */
  choice(state: StateOf<"Choice">, own: Scope): Eventually<Rule | undefined>;
  /** What a Pass hands on. */
  passed(state: StateOf<"Pass">, scope: Scope, own: Scope): Eventually<Flow>;
  /** What a state with a result hands on. */
  returned(
    state: StateOf<"Task" | "Map" | "Parallel" | "Pass">,
    scope: Scope,
    own: Scope,
    result: unknown,
  ): Eventually<Flow>;
  /** What a state without a result hands on, by its own members or those of a Choice's rule. */
  left(state: State, end: Pick<State, "Assign" | "Output">, own: Scope): Eventually<Flow>;
  /** What a Catch hands on. */
  caught(catcher: Catcher, scope: Scope, error: { readonly Error: string; readonly Cause: string }): Eventually<Flow>;
}

export type LanguageName = NonNullable<State["QueryLanguage"]>;

/** Members of states that belong to one language only. */
const members: Readonly<Record<LanguageName, readonly string[]>> = {
  JSONPath: [
    ...["InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Result", "ItemsPath"],
    ...["SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath", "CausePath"],
  ],
  JSONata: ["Arguments", "Output", "Items"],
};

/**
 * The language of a state: its own, or the machine's.
 *
 * @throws StateFault for a member of the other language, which would do nothing.
 */
export function languageOf(name: string, state: State, machine: LanguageName): LanguageName {
  const own = state.QueryLanguage ?? machine;
  if (own !== machine && own === "JSONPath")
    throw runtimeFault(`The state ${name} is in JSONPath, which no state of a machine in JSONata may be.`);
  const other = own === "JSONPath" ? "JSONata" : "JSONPath";
  const foreign = members[other].find((member) => Object.hasOwn(state, member));
  if (foreign !== undefined)
    throw runtimeFault(`The state ${name} is in ${own}, but has ${foreign}, which belongs to ${other}.`);
  return own;
}
