import { StepError } from "./retries.js";

/** A condition whose references are values. */
export interface Condition {
  readonly Type: string;
  readonly LeftValue?: unknown;
  readonly RightValue?: unknown;
  readonly QueryValue?: unknown;
  readonly Values?: readonly unknown[];
  readonly Expression?: Condition;
  readonly Conditions?: readonly Condition[];
}

type Value = string | number | boolean;

const comparisons: Readonly<Record<string, (left: Value, right: Value) => boolean>> = {
  Equals: (left, right) => left === right,
  GreaterThan: (left, right) => left > right,
  GreaterThanOrEqualTo: (left, right) => left >= right,
  LessThan: (left, right) => left < right,
  LessThanOrEqualTo: (left, right) => left <= right,
};

export const conditionTypes = [...Object.keys(comparisons), "In", "Not", "Or"];

/** Whether a condition holds. */
export function holds({
  Type,
  LeftValue,
  RightValue,
  QueryValue,
  Values = [],
  Expression,
  Conditions = [],
}: Condition): boolean {
  if (Type === "In") return Values.includes(QueryValue);
  if (Type === "Or") return Conditions.some(holds);
  if (Type === "Not") return Expression !== undefined && !holds(Expression);
  const compare = comparisons[Type];
  if (compare === undefined || typeof LeftValue !== typeof RightValue || typeof LeftValue === "object")
    throw new StepError(
      "ClientError",
      `The condition ${Type} cannot compare ${JSON.stringify(LeftValue)} with ${JSON.stringify(RightValue)}.`,
    );
  return compare(LeftValue as Value, RightValue as Value);
}
