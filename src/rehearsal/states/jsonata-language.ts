import { StateFault } from "./fault.js";
import { evaluateTemplate, queryFault, type Query } from "./jsonata.js";
import type { Flow, Language, Sources } from "./language.js";
import type { Scope } from "./paths.js";

/** The language of expressions between `{%` and `%}`, which read `$states` and variables. */
export function jsonataLanguage(sources: Sources): Language {
  const filled = (template: unknown, scope: Scope, more?: Partial<Query["states"]>): Promise<unknown> =>
    evaluateTemplate(template, {
      ...sources,
      states: { input: scope.data, context: scope.context, ...more },
      variables: scope.variables,
    });

  /** What a state hands on: its Output, and without one `otherwise`. */
  async function handedOn(
    { Output, Assign }: { readonly Output?: unknown; readonly Assign?: unknown },
    scope: Scope,
    otherwise: unknown,
    more?: Partial<Query["states"]>,
  ): Promise<Flow> {
    const assigned = Assign === undefined ? {} : ((await filled(Assign, scope, more)) as object);
    return {
      data: Output === undefined ? otherwise : await filled(Output, scope, more),
      variables: { ...scope.variables, ...assigned },
    };
  }

  /** A number of a state, at least `least`. */
  async function count(member: string, value: unknown, own: Scope, least: number): Promise<number> {
    const found = await filled(value, own);
    if (typeof found === "number" && found >= least) return found;
    throw queryFault(`${member} gives ${JSON.stringify(found)}, and not a number of at least ${least}.`);
  }

  async function text(member: string, value: unknown, own: Scope): Promise<string> {
    const found = await filled(value, own);
    if (typeof found === "string") return found;
    throw queryFault(`${member} gives ${JSON.stringify(found)}, and not a text.`);
  }

  return {
    input: (_, scope) => scope.data,
    given: ({ Arguments }, own) => (Arguments === undefined ? own.data : filled(Arguments, own)),
    async items({ Items }, own) {
      const items: unknown = Items === undefined ? own.data : await filled(Items, own);
      if (Array.isArray(items)) return items as unknown[];
      throw queryFault("Items of a Map state give no array.");
    },
    item: ({ ItemSelector }, own, value) => (ItemSelector === undefined ? value : filled(ItemSelector, own)),
    concurrency: ({ MaxConcurrency = 0 }, own) => count("MaxConcurrency", MaxConcurrency, own, 0),
    timeout: ({ TimeoutSeconds }, own) =>
      TimeoutSeconds === undefined ? undefined : count("TimeoutSeconds", TimeoutSeconds, own, 1),
    async wait({ Seconds, Timestamp }, own) {
      if (Seconds !== undefined) return 1000 * (await count("Seconds", Seconds, own, 0));
      const until = Date.parse(await text("Timestamp", Timestamp, own));
      if (Number.isNaN(until)) throw queryFault("Timestamp gives no time.");
      return Math.max(until - sources.clock.now(), 0);
    },
    failure: async ({ Error: error = "", Cause = "" }, own) =>
      new StateFault(await text("Error", error, own), await text("Cause", Cause, own)),
    async choice({ Choices }, own) {
      for (const rule of Choices) {
        const holds = await filled(rule["Condition"], own);
        if (typeof holds !== "boolean")
          throw queryFault(`The condition ${String(rule["Condition"])} is neither true nor false.`);
        if (holds) return rule;
      }
      return undefined;
    },
    passed: (state, _, own) => handedOn(state, own, own.data),
    returned: (state, _, own, result) => handedOn(state, own, result, { result }),
    left: (_, end, own) => handedOn(end, own, own.data),
    caught: (catcher, scope, error) => handedOn(catcher, scope, error, { errorOutput: error }),
  };
}
