import { ChurnkitError } from "../../base/errors.js";
import {
  mergeProfiles,
  type CutOptions,
  type Profile,
  profileAgainst,
  profileTable,
} from "../../data/profile/index.js";
import { takeRows, type Table } from "../../data/table/index.js";
import { compareColumns } from "../compare/profile-columns.js";
import { driftPolicy, type PolicyChoice } from "../policy.js";
import type { SegmentDrift } from "../report.js";
import { segmentLabels, segmentPositions, segmentRules, type SegmentRule } from "./rules.js";
import { judgeSegments, type SegmentComparison } from "./segment-verdict.js";

/**
 * A profile for each slice of a table: counts that merge like {@link Profile}'s, of a size independent of the rows. Plain
 * JSON without rows; a slice's label is a level or a range.
 */
export interface SegmentProfiles {
  readonly format: 1;
  readonly rows: number;
  readonly segments: readonly {
    readonly rule: SegmentRule;
    /** In the order of the rule's levels or ranges, then all others, then missing. Null without reference rows. */
    readonly profiles: readonly (Profile | null)[];
    /** Rows of each slice. */
    readonly counts: readonly number[];
  }[];
}

/**
 * Profiles each slice of a reference separately, with its own cut points and levels.
 *
 * @param columns categories, booleans, numbers (by quartile) or dates to slice by.
 * @throws ChurnkitError OPTION_INVALID for a column that cannot be sliced by.
 *
 * @example
 * ```ts
 * import type { Table } from "churnkit/data";
 * import { compareSegmentProfiles, profileSegments, profileSegmentsAgainst } from "churnkit/drift";
 *
 * const movedSlices = (reference: Table, today: Table) => {
 *   const frozen = profileSegments(reference, ["Contract"], { cutPoints: 128 });
 *   return compareSegmentProfiles(frozen, profileSegmentsAgainst(frozen, today));
 * };
 * ```
 */
export function profileSegments(
  reference: Table,
  columns: readonly string[],
  options: CutOptions = {},
): SegmentProfiles {
  const segments = segmentRules(reference, columns).map((rule) => {
    const positions = segmentPositions(rule, reference);
    return {
      rule,
      counts: positions.map(({ length }) => length),
      profiles: positions.map((rows) =>
        rows.length === 0 ? null : without(rule, profileTable(takeRows(reference, rows), options)),
      ),
    };
  });
  return { format: 1, rows: reference.rows, segments };
}

/**
 * Counts a later table's slices against a reference's.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH if a column is absent or has a different kind now.
 */
export function profileSegmentsAgainst(reference: SegmentProfiles, table: Table): SegmentProfiles {
  const segments = reference.segments.map(({ rule, profiles }) => {
    const positions = segmentPositions(rule, table);
    return {
      rule,
      counts: positions.map(({ length }) => length),
      profiles: profiles.map((profile, i) =>
        profile === null ? null : profileAgainst(profile, takeRows(table, positions[i] ?? [])),
      ),
    };
  });
  return { format: 1, rows: table.rows, segments };
}

/** Within a slice, its own column is one value or one range, and so are many columns that the model doesn't read. */
const without = ({ column }: SegmentRule, profile: Profile): Profile => ({
  ...profile,
  columns: profile.columns.filter(({ name, unread }) => name !== column && unread === undefined),
});

/**
 * Adds the slices' counts of two shards counted against the same reference.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH if slices or their columns differ.
 *
 * @example
 * ```ts
 * import { syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { mergeSegmentProfiles, parseSegmentProfiles, profileSegments, profileSegmentsAgainst } from "churnkit/drift";
 *
 * const customers = (seed: number) => tableFromRecords(syntheticContract, syntheticCustomers({ rows: 300, seed }).records);
 * const reference = profileSegments(customers(1), ["contract"]);
 * const shards = [2, 3].map((seed) => profileSegmentsAgainst(reference, customers(seed)));
 * const stored = shards.map((shard) => parseSegmentProfiles(JSON.parse(JSON.stringify(shard))));
 * console.assert(stored.reduce(mergeSegmentProfiles).rows === 600);
 * ```
 */
export function mergeSegmentProfiles(a: SegmentProfiles, b: SegmentProfiles): SegmentProfiles {
  checkSameSlices(a, b);
  const segments = a.segments.map(({ rule, profiles, counts }, s) => {
    const other = b.segments[s];
    return {
      rule,
      counts: counts.map((count, i) => count + (other?.counts[i] ?? 0)),
      profiles: profiles.map((profile, i) => {
        const more = other?.profiles[i];
        return profile === null || more === null || more === undefined ? profile : mergeProfiles(profile, more);
      }),
    };
  });
  return { format: 1, rows: a.rows + b.rows, segments };
}

/**
 * Compares slice with slice; the tests of all columns of all slices are corrected together.
 *
 * @returns the worst slice first.
 * @throws ChurnkitError CONTRACT_MISMATCH if slices were counted against another reference, OPTION_INVALID for a bad
 * policy.
 */
export function compareSegmentProfiles(
  reference: SegmentProfiles,
  current: SegmentProfiles,
  options: { readonly policy?: PolicyChoice | undefined; readonly ignore?: readonly string[] | undefined } = {},
): SegmentDrift[] {
  const policy = driftPolicy(options.policy);
  checkSameSlices(reference, current);
  const found = reference.segments.flatMap(({ rule, profiles, counts }, s) =>
    segmentLabels(rule).flatMap((level, i): SegmentComparison[] => {
      const other = current.segments[s];
      const [mine, theirs] = [profiles[i] ?? null, other?.profiles[i] ?? null];
      const [n, m] = [counts[i] ?? 0, other?.counts[i] ?? 0];
      if (n + m === 0) return [];
      const share = { reference: n / reference.rows || 0, current: m / current.rows || 0 };
      const comparable = mine !== null && theirs !== null && n > 0 && m > 0;
      const comparisons = comparable ? compareColumns(mine, theirs, policy, options.ignore) : [];
      return [{ column: rule.column, level, rows: { reference: n, current: m }, share, comparisons }];
    }),
  );
  return judgeSegments(found, policy);
}

function checkSameSlices(a: SegmentProfiles, b: SegmentProfiles): void {
  const rules = ({ segments }: SegmentProfiles): string => JSON.stringify(segments.map(({ rule }) => rule));
  if (rules(a) === rules(b)) return;
  throw new ChurnkitError(
    "CONTRACT_MISMATCH",
    "These segment profiles are of different slices. Count both against the same reference with profileSegmentsAgainst.",
  );
}
