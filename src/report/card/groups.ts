import { ChurnkitError } from "../../base/errors.js";
import { isNumericProfile, type Profile, quantileOfProfile } from "../../data/profile/index.js";
import { labels as labelsOf, type Table } from "../../data/table/index.js";
import type { Costs } from "../../model/artifact.js";
import { evaluateScores, type MetricValue } from "../../model/evaluate/index.js";
import {
  type BiasCounts,
  biasReport,
  countBias,
  type Facet,
  groupRates,
  type GroupRates,
  quantilesFor,
  type BiasReport,
  resolveFacet,
} from "../../monitor/bias/index.js";
import { equalRecall, type EqualRecall } from "./equal-recall.js";

/** Quality and treatment of one group. Intervals are 95 %. */
export interface CardGroup extends GroupRates {
  readonly name: string;
  readonly rows: number;
  readonly positives: number;
  readonly auc: MetricValue;
  readonly logLoss: MetricValue;
  /** The model is calibrated for the group if this is near `baseRate`, the share of positives. */
  readonly meanProbability: number;
}

/** The groups of one column. */
export interface CardGroups {
  readonly column: string;
  /** Rows without a value. */
  readonly missing: number;
  /** Rows with a value that is in none of the groups, such as a level beyond the 50 most frequent. */
  readonly outside: number;
  /** Groups below the minimum number of rows, whose figures are left out, and their rows. */
  readonly hidden: { readonly groups: number; readonly rows: number; readonly leastRows: number };
  readonly groups: readonly CardGroup[];
  /** Each shown group beside the others, by the judged metrics of bias. */
  readonly differences: BiasReport["groups"];
  /** Null unless two groups have enough positive rows. */
  readonly equalRecall: EqualRecall | null;
}

/** Scored rows with labels. */
export interface Scored {
  readonly table: Table;
  readonly probabilities: Float64Array;
  readonly threshold: number;
  readonly costs: Costs | undefined;
}

const z = quantilesFor(0.05).one;

/**
 * Measures each group of a column.
 *
 * @param by a column, or a facet with its groups.
 * @throws ChurnkitError OPTION_INVALID for a column that has no groups.
 */
export function cardGroups(scored: Scored, by: string | Facet, profile: Profile, leastRows: number): CardGroups {
  const { table, probabilities, threshold } = scored;
  refuseIdentifying(table, typeof by === "string" ? by : by.column);
  const facet = typeof by === "string" ? facetOf(table, by, profile) : by;
  const { column, missing, groups } = resolveFacet(table, facet);
  const all = groups.map(({ name, side }, i) => ({
    key: name,
    name: wordsOf(facet.groups?.[i]) ?? name,
    rows: rowsWhere(table.rows, (row) => side(row) === "d"),
  }));
  const inside = new Set(all.flatMap(({ rows }) => rows)).size;
  const outside = table.rows - missing - inside;
  const shown = all.filter(({ rows }) => rows.length >= leastRows);
  const small = all.filter(({ rows }) => rows.length > 0 && rows.length < leastRows);
  const counts = countBias(table, { facets: [facet], probabilities, threshold });
  const ofGroup = new Map(counts.facets.map((one) => [one.group, one.disadvantaged]));
  const names = new Map(shown.map(({ key, name }) => [key, name]));
  const labels = labelsOf(table);
  return {
    column,
    missing,
    outside,
    hidden: { groups: small.length, rows: small.reduce((sum, { rows }) => sum + rows.length, 0), leastRows },
    groups: shown.flatMap(({ key, name, rows }) => {
      const found = ofGroup.get(key);
      return found === undefined ? [] : [{ name, ...quality(scored, labels, rows), ...groupRates(found, z) }];
    }),
    differences: differencesOf(counts, names, leastRows, all.length === 2 && outside === 0),
    equalRecall: equalRecall({ labels, probabilities, threshold, costs: scored.costs }, shown),
  };
}

/**
 * The shown groups beside the others, if those are enough rows too. Of two groups that are all rows one is enough: the other has the same differences,
 * turned around.
 */
function differencesOf(
  counts: BiasCounts,
  names: ReadonlyMap<string, string>,
  leastRows: number,
  halves: boolean,
): BiasReport["groups"] {
  const named = biasReport(counts).groups.flatMap((one) => {
    const group = names.get(one.group);
    return group === undefined || one.rows.advantaged < leastRows ? [] : [{ ...one, group }];
  });
  const [first, second] = named;
  return halves && first && second ? [{ ...first, against: second.group }] : named;
}

/** A range in words; undefined for a label. */
function wordsOf(group: NonNullable<Facet["groups"]>[number] | undefined): string | undefined {
  if (group === undefined || typeof group === "string") return undefined;
  const { from, to } = group;
  if (from === undefined) return `below ${to}`;
  return to === undefined ? `${from} and more` : `${from} to below ${to}`;
}

function rowsWhere(rows: number, test: (row: number) => boolean): number[] {
  const found: number[] = [];
  for (let row = 0; row < rows; row++) if (test(row)) found.push(row);
  return found;
}

function quality(
  { probabilities, threshold }: Scored,
  labels: Uint8Array,
  rows: readonly number[],
): Pick<CardGroup, "rows" | "positives" | "auc" | "logLoss" | "meanProbability"> {
  const own = Float64Array.from(rows, (row) => probabilities[row] as number);
  const { positives, values } = evaluateScores(
    Uint8Array.from(rows, (row) => labels[row] as number),
    own,
    { threshold },
  );
  const meanProbability = own.reduce((sum, p) => sum + p, 0) / rows.length;
  return { rows: rows.length, positives, auc: values.auc, logLoss: values.logLoss, meanProbability };
}

/** An id or a text would stand in the card as a group, with what it says about somebody. */
function refuseIdentifying({ contract }: Table, name: string): void {
  const column = contract.columns.find((one) => one.name === name);
  if (column?.role !== "id" && column?.kind !== "text") return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The column "${name.slice(0, 80)}" is ${column.role === "id" ? "an id" : "free text"}, so it has no groups. Name another column.`,
    { where: { column: name } },
  );
}

/** Columns with at most this many numbers have a group for each. */
const fewNumbers = 5;

/** A column of numbers is cut at the quartiles of the training rows, or between its numbers if there are few. */
function facetOf(table: Table, column: string, profile: Profile): Facet {
  const kind = table.contract.columns.find(({ name }) => name === column)?.kind;
  if (kind !== "number") return { column };
  const found = profile.columns.find(({ name }) => name === column);
  if (found === undefined || !isNumericProfile(found)) return { column };
  const few = found.cuts.length <= fewNumbers;
  const cuts = few
    ? found.cuts.slice(1)
    : [0.25, 0.5, 0.75].map((q) => Number((quantileOfProfile(found, q) ?? 0).toPrecision(3)));
  const distinct = [...new Set(cuts)].filter((cut) => cut > (found.min ?? -Infinity)).sort((a, b) => a - b);
  if (distinct.length === 0)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The column "${column.slice(0, 80)}" has one value in the training rows, so it has no groups. Name another column.`,
      { where: { column } },
    );
  return { column, groups: [...distinct, undefined].map((to, i) => ({ from: distinct[i - 1], to })) };
}
