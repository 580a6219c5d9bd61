import { holds } from "./choice.js";
import { runtimeFault, StateFault } from "./fault.js";
import { evaluate } from "./intrinsics.js";
import type { Flow, Language, Sources } from "./language.js";
import { put, read, type Scope } from "./paths.js";
import { fill } from "./template.js";

/** The language of paths and payload templates. */
export function jsonPathLanguage({ random, clock }: Sources): Language {
  const assigned = (template: unknown, scope: Scope): Flow["variables"] =>
    template === undefined
      ? scope.variables
      : { ...scope.variables, ...(fill(template, scope, random) as Readonly<Record<string, unknown>>) };

  const returned: Language["returned"] = ({ ResultSelector, ResultPath, OutputPath, Assign }, scope, own, raw) => {
    const result = ResultSelector === undefined ? raw : fill(ResultSelector, { ...own, data: raw }, random);
    // Into the raw input: InputPath chooses what the state sees, not what it passes on.
    const data = put(ResultPath, scope.data, result);
    return { data: at(OutputPath, { ...own, data }), variables: assigned(Assign, { ...own, data: result }) };
  };

  return {
    input: ({ InputPath }, scope) => at(InputPath, scope),
    given: ({ Parameters }, own) => (Parameters === undefined ? own.data : fill(Parameters, own, random)),
    items: ({ ItemsPath }, own) => (ItemsPath === undefined ? own.data : read(ItemsPath, own)),
    item({ ItemSelector, Parameters }, own, value) {
      const selector = ItemSelector ?? Parameters;
      return selector === undefined ? value : fill(selector, own, random);
    },
    concurrency: ({ MaxConcurrency = 0 }) => Number(MaxConcurrency),
    timeout: ({ TimeoutSeconds, TimeoutSecondsPath }, own) =>
      TimeoutSecondsPath !== undefined
        ? Number(read(TimeoutSecondsPath, own))
        : TimeoutSeconds === undefined
          ? undefined
          : Number(TimeoutSeconds),
    wait({ Seconds, SecondsPath, Timestamp, TimestampPath }, own) {
      const seconds = SecondsPath === undefined ? Seconds : read(SecondsPath, own);
      if (typeof seconds === "number" && seconds >= 0) return seconds * 1000;
      const until = TimestampPath === undefined ? Timestamp : read(TimestampPath, own);
      const time = typeof until === "string" ? Date.parse(until) : NaN;
      if (Number.isNaN(time)) throw runtimeFault("A Wait state needs a number of seconds, or a timestamp.");
      return Math.max(time - clock.now(), 0);
    },
    failure({ Error: error, ErrorPath, Cause, CausePath }, own) {
      const textAt = (path: string | undefined, text: string | undefined): string =>
        path === undefined ? (text ?? "") : String(evaluate(path, own, random));
      return new StateFault(textAt(ErrorPath, error), textAt(CausePath, Cause));
    },
    choice: ({ Choices }, own) => Choices.find((rule) => holds(rule, own)),
    passed(state, scope, own) {
      const { Result, Parameters } = state;
      const given = Parameters === undefined ? own.data : fill(Parameters, own, random);
      return returned(state, scope, own, Result ?? given);
    },
    returned,
    left: ({ OutputPath }, { Assign }, own) => ({ data: at(OutputPath, own), variables: assigned(Assign, own) }),
    caught: ({ ResultPath, Assign }, scope, error) => ({
      data: put(ResultPath, scope.data, error),
      variables: assigned(Assign, { ...scope, data: error }),
    }),
  };
}

/** Data at a path of the state; `null` discards them. */
const at = (path: string | null | undefined, scope: Scope): unknown =>
  path === null ? {} : path === undefined ? scope.data : read(path, scope);
