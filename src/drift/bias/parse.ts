import { ChurnkitError } from "../../base/errors.js";
import { countNames, groupCounts, type BiasCounts, type FacetCounts, type GroupCounts } from "./counts.js";

const LONGEST_TEXT = 10_000;
const MOST_FACETS = 10_000;

type Fields<Type> = Partial<Record<keyof Type, unknown>>;

/**
 * Reads counts back from JSON, such as a baseline kept beside a model.
 *
 * @throws ChurnkitError INPUT_MALFORMED for anything that `countBias` does not write, naming the place.
 */
export function parseBiasCounts(value: unknown): BiasCounts {
  const { format, rows, favourable, threshold, facets, missing } = objectAt<BiasCounts>(value, "it");
  if (format !== 1) throw malformed(`the format is ${String(format)}, not 1`);
  if (favourable !== "positive" && favourable !== "negative") throw malformed("favourable is neither positive nor negative");
  if (threshold !== null && !(typeof threshold === "number" && threshold >= 0 && threshold <= 1)) {
    throw malformed("the threshold is neither null nor in [0, 1]");
  }
  return {
    format,
    rows: countAt(rows, "rows"),
    favourable,
    threshold,
    facets: listAt(facets, "facets").map((facet, i) => facetAt(facet, `facets[${i}]`)),
    missing: listAt(missing, "missing").map((entry, i) => {
      const fields = objectAt<BiasCounts["missing"][number]>(entry, `missing[${i}]`);
      return { column: textAt(fields.column, `missing[${i}].column`), rows: countAt(fields.rows, `missing[${i}].rows`) };
    }),
  };
}

const malformed = (what: string): ChurnkitError =>
  new ChurnkitError("INPUT_MALFORMED", `These are no bias counts: ${what}. Give what countBias returned.`);

function objectAt<Type>(value: unknown, path: string): Fields<Type> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(`${path} is no object`);
  return value;
}

function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > MOST_FACETS) throw malformed(`${path} is no list of at most ${MOST_FACETS}`);
  return value;
}

function countAt(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw malformed(`${path} is no whole number of 0 or more`);
  return value;
}

function textAt(value: unknown, path: string): string {
  if (typeof value !== "string" || value.length > LONGEST_TEXT) throw malformed(`${path} is no text`);
  return value;
}

function facetAt(value: unknown, path: string): FacetCounts {
  const { column, group, against, disadvantaged, advantaged } = objectAt<FacetCounts>(value, path);
  return {
    column: textAt(column, `${path}.column`),
    group: textAt(group, `${path}.group`),
    against: textAt(against, `${path}.against`),
    disadvantaged: groupAt(disadvantaged, `${path}.disadvantaged`),
    advantaged: groupAt(advantaged, `${path}.advantaged`),
  };
}

function groupAt(value: unknown, path: string): GroupCounts {
  const fields = objectAt<GroupCounts>(value, path);
  return groupCounts(countNames.map((name) => countAt(fields[name], `${path}.${name}`)));
}
