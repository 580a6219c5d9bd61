import type * as Jsonata from "jsonata";
import { ChurnkitError } from "../../base/errors.js";
import { parseJson } from "../../base/json/index.js";
import { uniform } from "../../base/random.js";
import { StateFault } from "./fault.js";
import { intrinsic } from "./intrinsics.js";
import type { Sources } from "./language.js";

/** What an expression reads. */
export interface Query extends Sources {
  /** `$states`. */
  readonly states: {
    readonly input: unknown;
    readonly context: unknown;
    readonly result?: unknown;
    readonly errorOutput?: unknown;
  };
  /** `$name`. */
  readonly variables: Readonly<Record<string, unknown>>;
}

let compile: typeof Jsonata.default | undefined;

/**
 * Loads what evaluates expressions.
 *
 * @throws ChurnkitError PEER_MISSING.
 */
export async function loadJsonata(): Promise<void> {
  try {
    compile ??= (await import("jsonata")).default;
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      "A state machine in JSONata needs the package jsonata. Install it: npm install jsonata",
      { cause },
    );
  }
}

/** The error of an expression that cannot be evaluated, which Retry and Catch may handle. */
export const queryFault = (cause: string): StateFault => new StateFault("States.QueryEvaluationError", cause);

/** What ends an expression that goes on for ever: calls inside each other, and milliseconds. */
const limits = { stack: 2000, timeout: 10_000 };

const expressionPattern = /^\{%([\s\S]*)%\}$/;

/** JSON with the values of its expressions in their places: a text between `{%` and `%}` is one. */
export async function evaluateTemplate(template: unknown, query: Query): Promise<unknown> {
  if (Array.isArray(template)) return Promise.all(template.map((item) => evaluateTemplate(item, query)));
  if (typeof template === "object" && template !== null) {
    const entries = Object.entries(template).map(async ([name, value]) => [name, await evaluateTemplate(value, query)]);
    return Object.fromEntries(await Promise.all(entries)) as unknown;
  }
  const expression = typeof template === "string" ? expressionPattern.exec(template)?.[1] : undefined;
  return expression === undefined ? template : evaluate(expression, query);
}

async function evaluate(expression: string, query: Query): Promise<unknown> {
  if (compile === undefined) throw queryFault("An expression was evaluated before loadJsonata.");
  const bindings = { ...functionsOf(query), ...query.variables, states: query.states };
  let value: unknown;
  try {
    value = await compile(expression, limits).evaluate(undefined, bindings);
  } catch (error) {
    const reason = typeof error === "object" && error !== null && "message" in error ? String(error.message) : "";
    throw queryFault(`The expression ${JSON.stringify(expression.trim())} failed: ${reason}`);
  }
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "function")
      throw queryFault(`The expression ${JSON.stringify(expression.trim())} gives a function.`);
    return inner;
  }) as string | undefined;
  // A copy: results share parts with the data, and arrays bear marks.
  if (text !== undefined) return parseJson(text);
  throw queryFault(`The expression ${JSON.stringify(expression.trim())} gives nothing.`);
}

/** The functions that Step Functions adds to those of the language, or replaces: time and chance are the rehearsal's. */
function functionsOf({ clock, random }: Query): Record<string, unknown> {
  const call =
    (name: string) =>
    (...values: unknown[]): unknown =>
      intrinsic(name, values, random);
  return {
    partition: call("ArrayPartition"),
    range: call("ArrayRange"),
    hash: call("Hash"),
    uuid: call("UUID"),
    random: (seed?: number) => (seed === undefined ? random() : uniform(seed)()),
    parse: (text: string) => parseJson(text),
    millis: () => clock.now(),
    now: (picture?: string, timezone?: string) =>
      compile?.("$fromMillis($time, $picture, $timezone)").evaluate(undefined, {
        time: clock.now(),
        picture,
        timezone,
      }),
    eval: () => {
      throw new Error("Step Functions has no $eval; use $parse");
    },
  };
}
