import {
  count,
  list,
  literal,
  number,
  oneOf,
  optional,
  record,
  strictObject,
  text,
  variants,
  where,
  withDefault,
  type Decoder,
} from "../../../base/json/index.js";
import type { LearnerName, OptionsOf } from "../../training/learners.js";

/** How values are drawn: `log` for a range over powers of ten, `reverseLog` for one that is close to 1. */
export const scales = ["auto", "linear", "log", "reverseLog"] as const;

interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Default `auto`. */
  readonly scale?: (typeof scales)[number] | undefined;
  /** How many values a grid tries, evenly on the scale; default 5. */
  readonly steps?: number | undefined;
}

/** Values to choose from. */
export interface ChoiceRange {
  readonly kind: "choice";
  readonly values: readonly (string | number | boolean)[];
}

/** Values that a search may give to one option. */
export type SearchRange = (NumberRange & { readonly kind: "real" | "integer" }) | ChoiceRange;

/** The options whose value is one of these. */
type Having<Options, Value> = {
  [Name in keyof Options & string]: Extract<Options[Name], Value> extends never ? never : Name;
}[keyof Options & string];
type List = readonly number[];

/** The ranges of options that can vary, and of the items of lists. */
type Ranges<Options> = Options extends unknown
  ? { readonly [Name in Having<Options, string | number | boolean | List>]?: SearchRange } & {
      readonly [Item in `${Having<Options, List>}${number}`]: SearchRange;
    }
  : never;

/**
 * The options that a search varies, each with its range. An item of a list is named by its place, `units1`, and a choice
 * of whole lists is of texts: `"64,32"`. With the name of a learner the compiler knows its options.
 *
 * @example
 * ```ts
 * import type { SearchSpace } from "churnkit/model";
 *
 * const space: SearchSpace<"network"> = {
 *   learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" },
 *   units1: { kind: "integer", min: 16, max: 128 },
 *   batchSize: { kind: "choice", values: [32, 64, 128] },
 * };
 * ```
 */
export type SearchSpace<Name extends LearnerName = never> = [Name] extends [never]
  ? Readonly<Record<string, SearchRange>>
  : Ranges<OptionsOf<Name>>;

const checked = <Range extends NumberRange & { readonly kind: "real" | "integer" }>(
  range: Decoder<Range>,
): Decoder<Range> =>
  where(
    where(
      where(range, ({ min, max }) => min < max, "a range whose min is below its max"),
      ({ scale, min }) => scale !== "log" || min > 0,
      "a range of numbers above 0, because its scale is log",
    ),
    ({ kind, scale, min, max }) => scale !== "reverseLog" || (kind === "real" && min >= 0 && max < 1),
    "a real range from 0 to below 1, because its scale is reverseLog",
  );

const scale = withDefault(oneOf(scales), "auto");
const steps = optional(count(2, 1000));
const whole = where(number(), Number.isSafeInteger, "a whole number");

const scalar: Decoder<string | number | boolean> = (json) =>
  typeof json.value === "boolean" ? json.value : typeof json.value === "number" ? number()(json) : text(256)(json);

const range = variants("kind", {
  real: checked(strictObject({ kind: literal("real"), min: number(), max: number(), scale, steps })),
  integer: checked(strictObject({ kind: literal("integer"), min: whole, max: whole, scale, steps })),
  choice: where(
    strictObject({ kind: literal("choice"), values: list(scalar, 30) }),
    ({ values }) => values.length > 0 && new Set(values).size === values.length,
    "a choice of 1 to 30 different values",
  ),
});

/** Reads a search space from untrusted JSON. */
export const searchSpace: Decoder<SearchSpace> = where(
  record(range, 90),
  (space) => Object.keys(space).length > 0,
  "an object with at least one range",
);
