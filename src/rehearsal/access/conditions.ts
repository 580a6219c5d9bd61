import { arnLike, like } from "./match.js";

/** What a request says of itself, by condition key in lower case. */
export type RequestContext = Readonly<Record<string, readonly string[]>>;
/** Operators, the keys that each compares, and the values of each key. */
export type Condition = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

type Test = (policy: string, given: string) => boolean;

const same: Test = (policy, given) => policy === given;
const sameIgnoringCase: Test = (policy, given) => policy.toLowerCase() === given.toLowerCase();
const operators: Readonly<Record<string, Test>> = {
  StringEquals: same,
  StringEqualsIgnoreCase: sameIgnoringCase,
  StringLike: (policy, given) => like(policy)(given),
  ArnEquals: (policy, given) => arnLike(policy)(given),
  ArnLike: (policy, given) => arnLike(policy)(given),
  Bool: sameIgnoringCase,
};

/** A condition that can be asked, or what is wrong with it. */
export function readCondition(condition: Condition): { readonly holds: (context: RequestContext) => boolean } | string {
  const parts: ((context: RequestContext) => boolean)[] = [];
  for (const [operator, keys] of Object.entries(condition)) {
    const [, set, name = "", ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
    const isNegated = /^(String|Arn)Not/.test(name);
    const test = Object.hasOwn(operators, name.replace("Not", "")) ? operators[name.replace("Not", "")] : undefined;
    if (test === undefined && name !== "Null") return `the rehearsal does not know the operator ${operator}`;
    for (const [key, value] of Object.entries(keys)) {
      const values = [value].flat().map(String);
      parts.push((context) => {
        const given = context[key.toLowerCase()];
        if (test === undefined) return values.some((each) => sameIgnoringCase(each, String(given === undefined)));
        if (given === undefined)
          return ifExists !== undefined || (set === undefined ? isNegated : set === "ForAllValues");
        const fits = (each: string): boolean => values.some((policy) => test(policy, each)) !== isNegated;
        return set === "ForAllValues" ? given.every(fits) : given.some(fits);
      });
    }
  }
  return { holds: (context) => parts.every((part) => part(context)) };
}
