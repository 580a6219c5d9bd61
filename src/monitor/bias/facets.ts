import { ChurnkitError } from "../../base/errors.js";
import type { Table } from "../../data/table/index.js";

/** Values from `from` on and below `to`; a missing end is open. */
export interface FacetRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A column whose groups are compared. */
export interface Facet {
  readonly column: string;
  /**
   * The groups, each compared with all others who have a value (or with `reference`): levels of a category or boolean
   * ("true", "false"), ranges of a number or date (milliseconds). Without it every level found, at most 50.
   */
  readonly groups?: readonly (string | FacetRange)[] | undefined;
  /** The comparison group. */
  readonly reference?: string | FacetRange | undefined;
}

/** A facet's groups over the rows of one table. */
export interface ResolvedFacet {
  readonly column: string;
  /** Rows without a value. */
  readonly missing: number;
  readonly groups: readonly {
    readonly name: string;
    readonly against: string;
    readonly side: (row: number) => "d" | "a" | null;
  }[];
}

const MOST_GROUPS = 50;

/** A range as people write it: "[18, 30)". */
export const rangeName = ({ from, to }: FacetRange): string => `[${from ?? ""}, ${to ?? ""})`;
const nameOf = (group: string | FacetRange): string => (typeof group === "string" ? group : rangeName(group));

const refuse = (facet: Facet, what: string): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `The facet "${String(facet.column).slice(0, 80)}" ${what}`, {
    where: { column: facet.column },
  });

/** @throws ChurnkitError OPTION_INVALID for a facet that the table's column cannot have. */
export function resolveFacet(table: Table, facet: Facet): ResolvedFacet {
  const data = table.columns.get(facet.column);
  const kind = table.contract.columns.find(({ name }) => name === facet.column)?.kind;
  if (data === undefined) throw refuse(facet, "is not a column of the table. Name one of its columns.");
  if (facet.groups !== undefined && (facet.groups.length === 0 || facet.groups.length > MOST_GROUPS)) {
    throw refuse(facet, `has ${facet.groups.length} groups. Give 1 to ${MOST_GROUPS}, or none for every level.`);
  }
  const names = (facet.groups ?? []).map(nameOf);
  if (new Set(names).size < names.length) throw refuse(facet, "names a group twice. Name each once.");
  if (data.storage === "coded") {
    const { codes, levels } = data;
    const labelAt = (row: number): string | null => levels[codes[row] as number] ?? null;
    return ofLabels(facet, table.rows, labelAt);
  }
  const { values } = data;
  if (kind === "boolean") {
    const labelAt = (row: number): string | null => {
      const value = values[row] as number;
      return Number.isNaN(value) ? null : value === 1 ? "true" : "false";
    };
    return ofLabels(facet, table.rows, labelAt);
  }
  return ofRanges(facet, values);
}

function ofLabels(facet: Facet, rows: number, labelAt: (row: number) => string | null): ResolvedFacet {
  const { column, groups, reference } = facet;
  if ([...(groups ?? []), reference ?? ""].some((group) => typeof group !== "string")) {
    throw refuse(facet, "has labels, not numbers. Give its groups as texts.");
  }
  const met = new Map<string, number>();
  let missing = 0;
  for (let row = 0; row < rows; row++) {
    const label = labelAt(row);
    if (label === null) missing++;
    else met.set(label, (met.get(label) ?? 0) + 1);
  }
  const largest = [...met].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([label]) => label);
  const names =
    groups?.map(nameOf) ??
    largest
      .filter((label) => label !== reference)
      .slice(0, MOST_GROUPS)
      .sort();
  return {
    column,
    missing,
    groups: names.map((name) => ({
      name,
      against: reference === undefined ? "others" : nameOf(reference),
      side: (row) => {
        const label = labelAt(row);
        if (label === name) return "d";
        return label === null || (reference !== undefined && label !== reference) ? null : "a";
      },
    })),
  };
}

function ofRanges(facet: Facet, values: Float64Array): ResolvedFacet {
  const { column, groups, reference } = facet;
  if (groups === undefined) throw refuse(facet, "holds numbers. Give its groups as ranges, such as { from: 60 }.");
  const ranges = groups.map((group) => checkedRange(facet, group));
  const other = reference === undefined ? undefined : checkedRange(facet, reference);
  const within = ({ from = -Infinity, to = Infinity }: FacetRange, value: number): boolean =>
    value >= from && value < to;
  return {
    column,
    missing: values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0),
    groups: ranges.map((range) => ({
      name: rangeName(range),
      against: other === undefined ? "others" : rangeName(other),
      side: (row) => {
        const value = values[row] as number;
        if (Number.isNaN(value)) return null;
        if (within(range, value)) return "d";
        return other === undefined || within(other, value) ? "a" : null;
      },
    })),
  };
}

function checkedRange(facet: Facet, range: string | FacetRange): FacetRange {
  if (typeof range === "string")
    throw refuse(facet, `holds numbers, not labels such as "${range.slice(0, 80)}". Give ranges.`);
  const { from, to } = range;
  const valid = (end: number | undefined): boolean => end === undefined || Number.isFinite(end);
  if (
    !valid(from) ||
    !valid(to) ||
    (from === undefined && to === undefined) ||
    (from ?? -Infinity) >= (to ?? Infinity)
  ) {
    throw refuse(facet, `has the range ${rangeName(range)}. Give finite ends, from below to, at least one of them.`);
  }
  return range;
}
