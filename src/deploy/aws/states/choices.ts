import { ChurnkitError } from "../../../base/errors.js";
import type { DefinedStep } from "../pipeline/step.js";
import { isReference, type Reference } from "../requests/referable.js";
import type { PassState, State } from "./definition.js";
import { isPath, memberOf } from "./expressions.js";
import type { Surroundings } from "./surroundings.js";

type Operand = string | number | boolean | Reference;
interface Condition {
  readonly Type: string;
  readonly LeftValue: Operand;
  readonly RightValue: Operand;
}
type Rule = Readonly<Record<string, unknown>>;

const orders: Readonly<Record<string, string>> = {
  Equals: "Equals",
  GreaterThan: "GreaterThan",
  GreaterThanOrEqualTo: "GreaterThanEquals",
  LessThan: "LessThan",
  LessThanOrEqualTo: "LessThanEquals",
};
/** The same comparison from the other side. */
const turned: Readonly<Record<string, string>> = {
  GreaterThan: "LessThan",
  GreaterThanOrEqualTo: "LessThanOrEqualTo",
  LessThan: "GreaterThan",
  LessThanOrEqualTo: "GreaterThanOrEqualTo",
};
const kinds: Readonly<Record<string, string>> = { string: "String", number: "Numeric", boolean: "Boolean" };

/**
 * The states of a condition: one that works out what is no path, if there is anything such, and a Choice. A value that is missing
 * or of another kind breaks the condition; without those tests it would end the execution, past every Catch.
 *
 * @param branches states in which the steps begin that run if all comparisons hold, and if not.
 * @param typeOf type of a parameter.
 */
export function choiceStates(
  { Name, Arguments }: DefinedStep,
  branches: { readonly if: string; readonly else: string },
  { expressions }: Surroundings,
  typeOf: (reference: Reference) => string | undefined,
): [string, State][] {
  const worked: Record<string, string> = {};
  const path = (reference: Reference): string => {
    const call = expressions.call(reference);
    if (isPath(call)) return call;
    const member = `value${Object.keys(worked).length + 1}`;
    worked[`${member}.$`] = call;
    return `${memberOf("$.Steps", Name)}.${member}`;
  };
  const rules = (Arguments["Conditions"] as readonly Condition[]).flatMap((condition) => {
    const { Type, LeftValue, RightValue } = isReference(condition.LeftValue) ? condition : otherWay(condition);
    if (!isReference(LeftValue)) throw refused(Name, "compares two values that are known now");
    const Variable = path(LeftValue);
    const known = isReference(RightValue) ? (typeOf(RightValue) ?? typeOf(LeftValue)) : kinds[typeof RightValue];
    const kind = known ?? (Type === "Equals" ? undefined : "Numeric");
    if (kind === undefined)
      throw refused(Name, "asks whether two values are equal whose type is not known. Compare one with a parameter");
    const operator = `${kind}${orders[Type] ?? Type}`;
    if (!isReference(RightValue)) return [...usable(Variable, kind), { Variable, [operator]: RightValue }];
    const right = path(RightValue);
    return [...usable(Variable, kind), ...usable(right, kind), { Variable, [`${operator}Path`]: right }];
  });
  const choice: State = {
    Type: "Choice",
    Choices: [{ And: distinct(rules), Next: branches.if }],
    Default: branches.else,
  };
  if (Object.keys(worked).length === 0) return [[Name, choice]];
  const next = `${Name}: compare`;
  const values: PassState = { Type: "Pass", Parameters: worked, ResultPath: memberOf("$.Steps", Name), Next: next };
  return [
    [Name, values],
    [next, choice],
  ];
}

const usable = (Variable: string, kind: string): Rule[] => [
  { Variable, IsPresent: true },
  { Variable, [`Is${kind}`]: true },
];

const otherWay = ({ Type, LeftValue, RightValue }: Condition): Condition => ({
  Type: turned[Type] ?? Type,
  LeftValue: RightValue,
  RightValue: LeftValue,
});

function distinct(rules: readonly Rule[]): Rule[] {
  const seen = new Map(rules.map((rule) => [JSON.stringify(rule), rule]));
  return [...seen.values()];
}

const refused = (name: string, what: string): ChurnkitError =>
  new ChurnkitError("PIPELINE_INVALID", `The pipeline's step ${JSON.stringify(name)} ${what}.`, {
    where: { path: `steps.${name}` },
  });
