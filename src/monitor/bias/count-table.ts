import { ChurnkitError } from "../../base/errors.js";
import type { Table } from "../../data/table/index.js";
import { checkThreshold } from "../../model/evaluate/index.js";
import { addGroups, countNames, groupCounts, type BiasCounts } from "./counts.js";
import { resolveFacet, type Facet } from "./facets.js";

/** Options of the count. */
export interface BiasCountOptions {
  /** At least one. */
  readonly facets: readonly Facet[];
  /** Of the positive class, one for each row; without it only the metrics of the labels have values. */
  readonly probabilities?: Float64Array | undefined;
  /** Positive from this probability on; needed with probabilities. */
  readonly threshold?: number | undefined;
  /** The favorable outcome. "positive" (the contract's positive class) by default. */
  readonly favorable?: "positive" | "negative" | undefined;
}

const UNKNOWN = 2;

/**
 * Counts each group of each facet by label and call: everything that the bias metrics need. Labels come from the
 * table's target if it is present; rows without one count if a metric needs none. Counts merge, so a monitor keeps
 * them instead of rows.
 *
 * @throws ChurnkitError OPTION_INVALID for a facet that the table cannot have, for probabilities that are not one for each
 * row, or without a threshold; VALUE_INVALID for a probability out of range.
 *
 * @example
 * ```ts
 * import { countBias } from "churnkit/monitor";
 * import type { Table } from "churnkit/data";
 *
 * const seniors = (rows: Table, probabilities: Float64Array) =>
 *   countBias(rows, { facets: [{ column: "age", groups: [{ from: 65 }] }], probabilities, threshold: 0.5 });
 * ```
 */
export function countBias(table: Table, options: BiasCountOptions): BiasCounts {
  const { facets, threshold, favorable = "positive" } = options;
  if (facets.length === 0)
    throw new ChurnkitError("OPTION_INVALID", "No facet was given. Name a column whose groups to compare.");
  if (favorable !== "positive" && favorable !== "negative") {
    throw new ChurnkitError("OPTION_INVALID", `favorable is "${String(favorable)}". Give "positive" or "negative".`);
  }
  const good = favorable === "positive" ? 1 : 0;
  const labels = labelCodes(table, good);
  const calls = callCodes(table, options, good);
  const resolved = facets.map((facet) => resolveFacet(table, facet));
  return {
    format: 1,
    rows: table.rows,
    favorable,
    threshold: options.probabilities === undefined ? null : (threshold ?? null),
    facets: resolved.flatMap(({ column, groups }) =>
      groups.map(({ name, against, side }) => {
        const disadvantaged = new Float64Array(countNames.length);
        const advantaged = new Float64Array(countNames.length);
        for (let row = 0; row < table.rows; row++) {
          const where = side(row);
          if (where === null) continue;
          const counts = where === "d" ? disadvantaged : advantaged;
          const place = placeOf(labels[row] as number, calls[row] as number);
          counts[place] = (counts[place] as number) + 1;
        }
        return {
          column,
          group: name,
          against,
          disadvantaged: groupCounts(disadvantaged),
          advantaged: groupCounts(advantaged),
        };
      }),
    ),
    missing: resolved.map(({ column, missing }) => ({ column, rows: missing })),
  };
}

/** The index in {@link countNames} of a row's label and call, each 1, 0 or unknown. */
function placeOf(label: number, call: number): number {
  if (label !== UNKNOWN && call !== UNKNOWN) return 1 - label + 2 * (1 - call);
  if (label !== UNKNOWN) return 5 - label;
  return call === UNKNOWN ? 8 : 7 - call;
}

/** 1 for the favorable outcome, 0 for the other class, 2 if unknown. */
function labelCodes(table: Table, good: number): Uint8Array {
  const codes = new Uint8Array(table.rows).fill(UNKNOWN);
  const { target } = table.contract;
  const data = target === undefined ? undefined : table.columns.get(target.column);
  if (target === undefined || data?.storage !== "coded") return codes;
  const positive = data.levels.indexOf(target.positive);
  const known = new Set(target.classes.map((label) => data.levels.indexOf(label)).filter((code) => code >= 0));
  for (let row = 0; row < table.rows; row++) {
    const code = data.codes[row] as number;
    if (known.has(code)) codes[row] = (code === positive ? 1 : 0) === good ? 1 : 0;
  }
  return codes;
}

function callCodes(table: Table, { probabilities, threshold }: BiasCountOptions, good: number): Uint8Array {
  const codes = new Uint8Array(table.rows).fill(UNKNOWN);
  if (probabilities === undefined) return codes;
  if (threshold === undefined)
    throw new ChurnkitError("OPTION_INVALID", "Probabilities need a threshold. Give one from 0 to 1.");
  checkThreshold(threshold);
  if (probabilities.length !== table.rows) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `There are ${probabilities.length} probabilities for ${table.rows} rows. Give one per row.`,
    );
  }
  for (let row = 0; row < table.rows; row++) {
    const p = probabilities[row] as number;
    if (!(p >= 0 && p <= 1)) {
      throw new ChurnkitError(
        "VALUE_INVALID",
        `The probability of row ${row} is ${p}. Probabilities are numbers from 0 to 1.`,
        {
          where: { row, value: p },
        },
      );
    }
    codes[row] = (p >= threshold ? 1 : 0) === good ? 1 : 0;
  }
  return codes;
}

/**
 * Adds the counts of two shards. Name the groups of each facet, so that both have the same ones.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH for different groups, thresholds or favorable outcomes.
 *
 * @example
 * ```ts
 * import { syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { countBias, mergeBias } from "churnkit/monitor";
 *
 * const shards = [1, 2].map((seed) => {
 *   const { records, probabilities } = syntheticCustomers({ rows: 300, seed });
 *   const table = tableFromRecords(syntheticContract, records);
 *   return countBias(table, {
 *     facets: [{ column: "contract", groups: ["Two year"] }],
 *     probabilities,
 *     threshold: 0.5,
 *   });
 * });
 * console.assert(shards.reduce(mergeBias).facets.length === 1);
 * ```
 */
export function mergeBias(a: BiasCounts, b: BiasCounts): BiasCounts {
  const key = ({ column, group, against }: BiasCounts["facets"][number]): string =>
    JSON.stringify([column, group, against]);
  const others = new Map(b.facets.map((facet) => [key(facet), facet]));
  const same = a.facets.length === b.facets.length && a.facets.every((facet) => others.has(key(facet)));
  if (!same || a.threshold !== b.threshold || a.favorable !== b.favorable) {
    throw new ChurnkitError(
      "CONTRACT_MISMATCH",
      "These counts have different groups, thresholds or favorable outcomes. Name the groups of each facet, and count all parts the same way.",
    );
  }
  const missing = new Map(b.missing.map(({ column, rows }) => [column, rows]));
  return {
    ...a,
    rows: a.rows + b.rows,
    facets: a.facets.map((facet) => {
      const other = others.get(key(facet)) ?? facet;
      return {
        ...facet,
        disadvantaged: addGroups(facet.disadvantaged, other.disadvantaged),
        advantaged: addGroups(facet.advantaged, other.advantaged),
      };
    }),
    missing: a.missing.map(({ column, rows }) => ({ column, rows: rows + (missing.get(column) ?? 0) })),
  };
}
