import type { ParameterRanges } from "@aws-sdk/client-sagemaker";
import type { SearchRange, SearchSpace } from "../../../model/tuning/index.js";

const scalings = { auto: "Auto", linear: "Linear", log: "Logarithmic", reverseLog: "ReverseLogarithmic" } as const;

/** A search space as SageMaker's ranges, whose values are texts. */
export function tuningRanges(space: SearchSpace): ParameterRanges {
  const entries = Object.entries(space);
  const numbers = (kind: "real" | "integer") =>
    entries.flatMap(([name, range]) => (range.kind === kind ? [numberRange(name, range)] : []));
  const choices = entries.flatMap(([name, range]) =>
    range.kind === "choice" ? [{ Name: name, Values: range.values.map(String) }] : [],
  );
  const orNone = <T>(ranges: T[]): T[] | undefined => (ranges.length === 0 ? undefined : ranges);
  return {
    IntegerParameterRanges: orNone(numbers("integer")),
    ContinuousParameterRanges: orNone(numbers("real")),
    CategoricalParameterRanges: orNone(choices),
  };
}

const numberRange = (name: string, { min, max, scale = "auto" }: Exclude<SearchRange, { kind: "choice" }>) => ({
  Name: name,
  MinValue: String(min),
  MaxValue: String(max),
  ScalingType: scalings[scale],
});
