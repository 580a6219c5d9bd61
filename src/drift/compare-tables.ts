import { ChurnkitError } from "../base/errors.js";
import { predictionsName, isProfiled } from "../data/profile/index.js";
import { knownLabels, ofClasses, unknownLabels, type Table } from "../data/table/index.js";
import { driftPolicy, type DriftPolicy, type PolicyChoice } from "./policy.js";
import type { ConceptDrift, DriftReport, DriftRole } from "./report.js";
import { compareTableSegments } from "./segments/tables.js";
import type { Comparison } from "./compare/column.js";
import { conceptDrift } from "./compare/concept.js";
import type { Importances } from "./compare/ranking.js";
import { reportOf } from "./compare/summary.js";
import { compareTableColumn } from "./compare/table-column.js";

/** How to compare. */
export interface DriftOptions {
  /** The name of a ready-made policy, or numbers of the default policy to replace. */
  readonly policy?: PolicyChoice | undefined;
  /** Columns to leave out: those that drift by nature, such as a sign-up date. */
  readonly ignore?: readonly string[] | undefined;
  /** How much the model relies on each column (any non-negative weights): orders the columns by importance x shift. */
  readonly importance?: Importances | undefined;
  /** The target's name, if no contract gives it. */
  readonly target?: string | undefined;
}

/** How to compare two tables. */
export interface TableDriftOptions extends DriftOptions {
  /** Columns whose levels, or quartiles, are compared slice by slice as well; at most ten. */
  readonly segments?: readonly string[] | undefined;
  /**
   * The model's probabilities for the rows of both tables: compared under the name "prediction" ("prediction (model)"
   * if a column has that name), and with the labels if both tables have them (concept drift).
   */
  readonly predictions?: { readonly reference: Float64Array; readonly current: Float64Array } | undefined;
}

/**
 * Compares two tables column by column, with exact values of KS's D and of small samples' p-values. Features and the
 * target are compared, free text by its length; ids and ignored columns are not, except that an ignored column of at most
 * one value causes a warning if other values appear. Rows whose label is not a class are left out of the target's comparison
 * and of concept drift, and counted in `unknownLabels`.
 *
 * @param reference the expected data; both tables are read with the same contract.
 * @throws ChurnkitError CONTRACT_MISMATCH if a column has a different kind now, OPTION_INVALID for a bad policy,
 * segment column, importance or number of predictions.
 *
 * @example
 * ```ts
 * import { compareTables } from "churnkit/drift";
 * import type { Table } from "churnkit/data";
 *
 * const movedColumns = (lastYear: Table, today: Table) =>
 *   compareTables(lastYear, today, { segments: ["Contract"] }).columns.filter(({ verdict }) => verdict === "drift");
 * ```
 */
export function compareTables(reference: Table, current: Table, options: TableDriftOptions = {}): DriftReport {
  const policy = driftPolicy(options.policy);
  const { ignore = [], predictions, segments } = options;
  const comparisons = tableComparisons(reference, current, policy, ignore);
  const predictionsAs = predictions === undefined ? undefined : predictionsName(reference.contract);
  if (predictions !== undefined && predictionsAs !== undefined) {
    checkPredictions(predictions, reference, current);
    comparisons.push(comparePredictions(predictions, predictionsAs, policy));
  }
  return reportOf(comparisons, policy, {
    rows: { reference: reference.rows, current: current.rows },
    rejected: { reference: reference.rejected.length, current: current.rejected.length },
    unknownLabels: { reference: unknownLabels(reference), current: unknownLabels(current) },
    roleOf: roles(options.target ?? reference.contract.target?.column, predictionsAs),
    concept: predictions === undefined ? null : conceptOf(reference, current, predictions, policy),
    segments:
      segments &&
      compareTableSegments(reference, current, segments, policy, (before, after, without) =>
        tableComparisons(before, after, policy, [...ignore, without]).filter(
          ({ reference: { unread } }) => unread === undefined,
        ),
      ),
    importance: options.importance,
    ignore,
  });
}

function tableComparisons(
  reference: Table,
  current: Table,
  policy: DriftPolicy,
  ignore: readonly string[],
): Comparison[] {
  const comparisons: Comparison[] = [];
  for (const column of reference.contract.columns) {
    const before = reference.columns.get(column.name);
    const after = current.columns.get(column.name);
    if (before === undefined || !isProfiled(column, before) || ignore.includes(column.name)) continue;
    if (after === undefined && column.role !== "feature") continue;
    comparisons.push(
      compareTableColumn(column, ofClasses(column, before), after && ofClasses(column, after), current.rows, policy),
    );
  }
  return comparisons;
}

/** The target by its name, and the model's predictions by theirs if they are compared. */
export function roles(target: string | undefined, predictions: string | undefined): (name: string) => DriftRole {
  return (name) => (name === target ? "target" : name === predictions ? "prediction" : "feature");
}

type Predictions = NonNullable<TableDriftOptions["predictions"]>;

function checkPredictions(predictions: Predictions, reference: Table, current: Table): void {
  for (const [given, table] of [
    [predictions.reference, reference],
    [predictions.current, current],
  ] as const) {
    if (given.length === table.rows) continue;
    const message = `${given.length} predictions were given for the ${table.rows} rows of ${table.source}. Give one per row.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where: { file: table.source, path: "predictions" } });
  }
}

function comparePredictions({ reference, current }: Predictions, name: string, policy: DriftPolicy): Comparison {
  const column = { kind: "number", name, integer: false } as const;
  const described = { ...column, role: "feature", nullable: true, optional: true, missing: [] } as const;
  const data = (values: Float64Array) => ({ storage: "numeric", values }) as const;
  return compareTableColumn(described, data(reference), data(current), current.length, policy);
}

function conceptOf(
  reference: Table,
  current: Table,
  predictions: Predictions,
  policy: DriftPolicy,
): ConceptDrift | null {
  const before = knownLabels(reference, reference.contract.target);
  const after = knownLabels(current, reference.contract.target);
  if (before === undefined || after === undefined) return null;
  return conceptDrift(
    { labels: before, probabilities: predictions.reference },
    { labels: after, probabilities: predictions.current },
    policy,
  );
}
