/**
 * Every quality rule, declared once: what a cell, a row, a column or a table can break. `scope` says what is
 * looked at: a refused cell or row is set aside, the rest is seen in a column or the whole table. `severity` is
 * what a finding has by default: `error` makes data invalid, `warning` deserves a look, `info` is a note.
 */
export const qualityRules = {
  missing: { scope: "cell", severity: "error", meaning: "A value is missing where the contract needs one." },
  number: {
    scope: "cell",
    severity: "error",
    meaning: "A value is not a finite number, or not written as the column's numbers are.",
  },
  integer: { scope: "cell", severity: "error", meaning: "A number is not whole." },
  range: { scope: "cell", severity: "error", meaning: "A number or date is outside its declared limits." },
  multipleOf: { scope: "cell", severity: "error", meaning: "A number is not a multiple of its declared step." },
  boolean: { scope: "cell", severity: "error", meaning: "A value is none of the texts for true and false." },
  date: {
    scope: "cell",
    severity: "error",
    meaning: "A value is not a date that exists, in ISO 8601 or the column's form.",
  },
  level: { scope: "cell", severity: "error", meaning: "A label is none of the levels of a closed category." },
  length: { scope: "cell", severity: "error", meaning: "A text is longer than its limit." },
  type: { scope: "cell", severity: "error", meaning: "A JSON value has a type that the column cannot hold." },
  ragged: { scope: "row", severity: "error", meaning: "A row has too few or too many cells, or is no record." },
  missingColumn: { scope: "column", severity: "error", meaning: "A column of the contract is not in the data." },
  oneClass: { scope: "column", severity: "error", meaning: "The target holds fewer than two classes." },
  noRows: { scope: "table", severity: "error", meaning: "No row is left to work with." },
  missingRate: { scope: "column", severity: "warning", meaning: "A large share of a column is missing." },
  allMissing: { scope: "column", severity: "warning", meaning: "A column holds no value at all." },
  constant: { scope: "column", severity: "warning", meaning: "A column holds one value only, so it tells nothing." },
  outsideObserved: { scope: "column", severity: "warning", meaning: "Values lie outside the range seen before." },
  newLevel: { scope: "column", severity: "warning", meaning: "An open category holds labels not seen before." },
  duplicateId: { scope: "table", severity: "warning", meaning: "Several rows have the same id." },
  duplicateRow: { scope: "table", severity: "warning", meaning: "Several rows are equal in every column but the id." },
  idLike: { scope: "column", severity: "warning", meaning: "A feature is (nearly) unique per row, as an id is." },
  leak: { scope: "column", severity: "warning", meaning: "A feature alone all but tells the target." },
  sentinel: {
    scope: "column",
    severity: "warning",
    meaning: "Dates such as 9999-12-31, far from all others, stand for no date.",
  },
  imbalance: { scope: "column", severity: "warning", meaning: "One class of the target is rare." },
  freeText: { scope: "column", severity: "info", meaning: "A column holds free text, which is left out as it stands." },
  extraColumn: { scope: "column", severity: "info", meaning: "A column is not in the contract and was left out." },
  form: {
    scope: "table",
    severity: "info",
    meaning: "The file has a form of its own, such as a title line or an index column, and was read by it.",
  },
  format: {
    scope: "column",
    severity: "info",
    meaning: "Numbers or dates are written in a form of their own, or in several.",
  },
  markers: { scope: "column", severity: "info", meaning: "Some texts in a column were taken to mean missing." },
} as const;

/** The name of a quality rule. */
export type QualityRule = keyof typeof qualityRules;

/** How bad a finding is. */
export type FindingSeverity = "error" | "warning" | "info";

/** One thing found in data; plain JSON. */
export interface Finding {
  readonly rule: QualityRule;
  /** The column concerned, null when it is the whole table. */
  readonly column: string | null;
  readonly severity: FindingSeverity;
  /** How many rows are concerned; 0 where none is, as with a missing column. */
  readonly count: number;
  /** The first 20 rows concerned, 0-based data rows as they stand in the source; empty where rows say nothing. */
  readonly rows: readonly number[];
  readonly message: string;
}
