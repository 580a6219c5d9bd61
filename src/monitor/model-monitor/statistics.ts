import { powerOfTwo } from "../../base/elementary.js";
import {
  countOfValues,
  isNumericProfile,
  type CategoryProfile,
  type NumericProfile,
  summarizeNumeric,
} from "../../data/profile/index.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import type { Tally } from "../counting/tally.js";
import { featuresOf, inferredType, type InferredType } from "./columns.js";
import { cumulativeCounts, quantilesOf } from "./distribution.js";

/** Members of every column. */
export interface CommonStatistics {
  readonly num_present: number;
  readonly num_missing: number;
}

/** Statistics of one feature in Model Monitor's form. */
export interface FeatureStatistics {
  readonly name: string;
  readonly inferred_type: InferredType;
  readonly numerical_statistics?: {
    readonly common: CommonStatistics;
    readonly mean: number;
    readonly sum: number;
    readonly std_dev: number;
    readonly min: number;
    readonly max: number;
    readonly distribution: {
      readonly kll: {
        readonly buckets: readonly {
          readonly lower_bound: number;
          readonly upper_bound: number;
          readonly count: number;
        }[];
        readonly sketch: {
          readonly parameters: { readonly c: number; readonly k: number };
          readonly data: readonly (readonly number[])[];
        };
      };
    };
  };
  readonly string_statistics?: {
    readonly common: CommonStatistics;
    readonly distinct_count: number;
    readonly distribution: {
      readonly categorical: { readonly buckets: readonly { readonly value: string; readonly count: number }[] };
    };
  };
}

/** Model Monitor's `statistics.json`. */
export interface MonitorStatistics {
  readonly version: 0;
  readonly dataset: { readonly item_count: number };
  readonly features: readonly FeatureStatistics[];
}

/** In the form of Model Monitor's own containers. */
const buckets = 10;
const sketchParameters = { c: 0.64, k: 2048 } as const;

/**
 * Returns the baseline's features, or later counts, as Model Monitor's `statistics.json`, which its dashboards and
 * its own container read. Ten buckets of equal width and a KLL sketch, both from the profile's cut points: exact if a
 * bound is a cut point, linear between two. Dates are milliseconds since 1970, true and false 1 and 0.
 *
 * @param tally of a monitor's period; the baseline's own profile by default.
 */
export function statisticsJson(baseline: MonitorBaseline, tally?: Pick<Tally, "rows" | "profile">): MonitorStatistics {
  const profile = tally?.profile ?? baseline.profile;
  return {
    version: 0,
    dataset: { item_count: profile.rows },
    features: featuresOf(baseline, profile).map(({ column, profile: counted }): FeatureStatistics => {
      const head = { name: column.name, inferred_type: inferredType(column) };
      if (isNumericProfile(counted)) return { ...head, ...numerical(counted) };
      return { ...head, string_statistics: strings(counted) };
    }),
  };
}

function numerical(profile: NumericProfile): Pick<FeatureStatistics, "numerical_statistics"> {
  const summary = summarizeNumeric(profile);
  const common = { num_present: countOfValues(profile), num_missing: profile.missing };
  // A feature without values has no statistics, and JSON has no NaN.
  if (summary === undefined) {
    return {
      numerical_statistics: {
        common,
        mean: 0,
        sum: 0,
        std_dev: 0,
        min: 0,
        max: 0,
        distribution: { kll: { buckets: [], sketch: { parameters: sketchParameters, data: [] } } },
      },
    };
  }
  const { n, mean, standardDeviation, min, max } = summary;
  return {
    numerical_statistics: {
      common,
      mean,
      sum: finite(mean * n),
      std_dev: finite(standardDeviation),
      min,
      max,
      distribution: {
        kll: {
          buckets: bucketsOf(profile, min, max),
          sketch: { parameters: sketchParameters, data: sketchOf(profile, n) },
        },
      },
    },
  };
}

const finite = (value: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));

function bucketsOf(profile: NumericProfile, min: number, max: number) {
  const bounds = Array.from({ length: buckets + 1 }, (_, i) =>
    i === buckets ? max : min + (max / buckets - min / buckets) * i,
  );
  const below = cumulativeCounts(profile, bounds.slice(1));
  return below.map((count, i) => ({
    lower_bound: bounds[i] ?? min,
    upper_bound: bounds[i + 1] ?? max,
    count: count - (below[i - 1] ?? 0),
  }));
}

/** Items at equal steps of rank, each representing a power of two of values by its level: they add up to all values. */
function sketchOf(profile: NumericProfile, n: number): number[][] {
  let level = 0;
  while (n / powerOfTwo(level) > sketchParameters.k / 2) level++;
  const items = Math.floor(n / powerOfTwo(level));
  const data: number[][] = [];
  for (let i = 0; i < level; i++) data.push(Math.floor(n / powerOfTwo(i)) % 2 === 1 ? quantilesOf(profile, 1) : []);
  return [...data, quantilesOf(profile, items)];
}

function strings({
  levels,
  counts,
  other,
  missing,
  newLevels,
}: CategoryProfile): NonNullable<FeatureStatistics["string_statistics"]> {
  const met = levels.map((value, i) => ({ value, count: counts[i] ?? 0 })).filter(({ count }) => count > 0);
  const present = other + met.reduce((sum, { count }) => sum + count, 0);
  return {
    common: { num_present: present, num_missing: missing },
    distinct_count: met.length + (other > 0 ? Math.max(1, newLevels.length) : 0),
    distribution: { categorical: { buckets: met } },
  };
}
