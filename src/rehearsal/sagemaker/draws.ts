import type { HyperParameterTuningJobConfig, IntegerParameterRange } from "@aws-sdk/client-sagemaker";
import { uniform } from "../../base/random.js";

type Values = Readonly<Record<string, string>>;

/** The values of a tuning's training jobs, one after the other: of a grid all combinations, otherwise drawn at random without end. */
export function draws({
  Strategy,
  ParameterRanges = {},
  RandomSeed = 0,
}: Partial<HyperParameterTuningJobConfig>): Generator<Values, void> {
  const { CategoricalParameterRanges: choices = [], IntegerParameterRanges: integers = [] } = ParameterRanges;
  const { ContinuousParameterRanges: reals = [] } = ParameterRanges;
  if (Strategy === "Grid") return combinations(choices.map(({ Name = "", Values = [] }) => [Name, Values]));
  // Not the seed 0, whose first number is 0.
  const random = uniform(RandomSeed + 1);
  const drawn = (): Values => {
    const entries: (readonly [string, string])[] = [
      ...choices.map(
        ({ Name = "", Values = [] }) => [Name, Values[Math.floor(random() * Values.length)] ?? ""] as const,
      ),
      ...integers.map((range) => [range.Name ?? "", String(between(range, random(), true))] as const),
      ...reals.map((range) => [range.Name ?? "", String(between(range, random(), false))] as const),
    ];
    return Object.fromEntries(entries);
  };
  return (function* () {
    for (;;) yield drawn();
  })();
}

function* combinations([first, ...others]: readonly (readonly [string, readonly string[]])[]): Generator<Values, void> {
  if (first === undefined) {
    yield {};
    return;
  }
  const [name, values] = first;
  for (const value of values) for (const rest of combinations(others)) yield { [name]: value, ...rest };
}

/** A number of a range by its scale, for a draw from 0 to 1. */
function between({ MinValue, MaxValue, ScalingType }: IntegerParameterRange, draw: number, isWhole: boolean): number {
  const [min, max] = [Number(MinValue), Number(MaxValue)];
  // Each whole number has the same width.
  const [low, high] = isWhole ? [min, max + 1] : [min, max];
  const drawn =
    ScalingType === "Logarithmic"
      ? low * (high / low) ** draw
      : ScalingType === "ReverseLogarithmic"
        ? 1 - (1 - low) * ((1 - high) / (1 - low)) ** draw
        : low + (high - low) * draw;
  return isWhole ? Math.min(Math.floor(drawn), max) : drawn;
}
