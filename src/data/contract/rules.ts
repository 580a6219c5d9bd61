/**
 * Every quality rule, declared once: what a cell, a row, a column or a table can break. `scope` is the level of the
 * check: a refused cell or row is set aside, the others concern a column or the whole table. `severity` is a
 * finding's default: `error` makes data invalid, `warning` deserves a look, `info` is a note.
 */
export const qualityRules = {
  missing: { scope: "cell", severity: "error", meaning: "A required value is missing." },
  number: {
    scope: "cell",
    severity: "error",
    meaning: "A value is not a finite number, or does not match the column's number format.",
  },
  integer: { scope: "cell", severity: "error", meaning: "A number is not whole." },
  range: { scope: "cell", severity: "error", meaning: "A number or date is outside its declared limits." },
  multipleOf: { scope: "cell", severity: "error", meaning: "A number is not a multiple of its declared step." },
  boolean: { scope: "cell", severity: "error", meaning: "A value is not a text for true or false." },
  date: {
    scope: "cell",
    severity: "error",
    meaning: "A value is not a real date in ISO 8601 or the column's date format.",
  },
  level: { scope: "cell", severity: "error", meaning: "A label is not a level of its closed category." },
  length: { scope: "cell", severity: "error", meaning: "A text is longer than its limit." },
  type: { scope: "cell", severity: "error", meaning: "A JSON value has the wrong type for the column." },
  ragged: { scope: "row", severity: "error", meaning: "A row has too few or too many cells, or is not a record." },
  missingColumn: { scope: "column", severity: "error", meaning: "A column of the contract is not in the data." },
  oneClass: { scope: "column", severity: "error", meaning: "The target has fewer than two classes." },
  noRows: { scope: "table", severity: "error", meaning: "No rows are left." },
  missingRate: { scope: "column", severity: "warning", meaning: "A large share of a column is missing." },
  allMissing: { scope: "column", severity: "warning", meaning: "A column has no values." },
  constant: {
    scope: "column",
    severity: "warning",
    meaning: "A column has only one value, so it carries no information.",
  },
  outsideObserved: { scope: "column", severity: "warning", meaning: "Values are outside the range seen before." },
  newLevel: { scope: "column", severity: "warning", meaning: "An open category has new labels." },
  duplicateId: { scope: "table", severity: "warning", meaning: "Several rows have the same id." },
  duplicateRow: { scope: "table", severity: "warning", meaning: "Several rows are equal in every column but the id." },
  idLike: { scope: "column", severity: "warning", meaning: "A feature is (nearly) unique per row, as an id is." },
  leak: { scope: "column", severity: "warning", meaning: "A feature alone nearly predicts the target." },
  sentinel: {
    scope: "column",
    severity: "warning",
    meaning: "Dates such as 9999-12-31, far from all others, are placeholders for a missing date.",
  },
  imbalance: { scope: "column", severity: "warning", meaning: "One class of the target is rare." },
  freeText: {
    scope: "column",
    severity: "info",
    meaning: "A column has free text, which is left out unless it is named as a text.",
  },
  extraColumn: { scope: "column", severity: "info", meaning: "A column is not in the contract and was left out." },
  form: {
    scope: "table",
    severity: "info",
    meaning: "The file has an unusual layout, such as a title line or an index column, and was read accordingly.",
  },
  format: {
    scope: "column",
    severity: "info",
    meaning: "Numbers or dates have an unusual format, or several formats.",
  },
  markers: { scope: "column", severity: "info", meaning: "Some texts in a column were read as missing." },
} as const;

/** The name of a quality rule. */
export type QualityRule = keyof typeof qualityRules;

/** How bad a finding is. */
export type FindingSeverity = "error" | "warning" | "info";

/** One thing found in data; plain JSON. */
export interface Finding {
  readonly rule: QualityRule;
  /** The affected column, null for the whole table. */
  readonly column: string | null;
  readonly severity: FindingSeverity;
  /** Number of affected rows; 0 if there are none, as with a missing column. */
  readonly count: number;
  /**
   * The first 20 affected rows, 0-based data rows as numbered in the source; empty if the finding is not about rows.
   */
  readonly rows: readonly number[];
  readonly message: string;
}
