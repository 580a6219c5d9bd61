import { ChurnkitError } from "../../../base/errors.js";
import { logit } from "../../../stats/logistic.js";
import type { Column } from "../../../data/contract/index.js";
import {
  type ColumnData,
  type ColumnName,
  recordOf,
  type RecordValue,
  rowBuffer,
  type Table,
} from "../../../data/table/index.js";
import type { Scorer } from "../../scoring/index.js";
import { checkRows, dataOf, featureNamed, takeCells, wholeOption, withColumns } from "./columns.js";

/** Where and in what unit partial dependence is computed. */
interface PartialDependenceOptions {
  /** Values on the grid at most, 2 to 1,000: quantiles of the rows, or the most frequent labels. Default 20. */
  readonly points?: number | undefined;
  /** The grid, if not drawn from the rows; null is missing. */
  readonly values?: readonly RecordValue[] | undefined;
  /** Of the curves. Default `probability`. */
  readonly scale?: "probability" | "logOdds" | undefined;
  /** Whether each row's curve is its change since the first value of the grid. Default false. */
  readonly centered?: boolean | undefined;
}

/** Mean score, and that of each row, with one column set to each value of a grid. */
export interface PartialDependence {
  readonly column: string;
  /** In JSON form: increasing numbers or dates, or labels. */
  readonly grid: readonly RecordValue[];
  /** Mean over the rows for each value of the grid: partial dependence (Friedman 2001). */
  readonly mean: Float64Array;
  readonly rows: number;
  /** Individual conditional expectation (Goldstein et al. 2015): each row's curve; rows x grid, row-major. */
  readonly curves: Float64Array;
  readonly scale: "probability" | "logOdds";
  readonly centered: boolean;
}

/** Limit on the numbers of all curves: 80 MB. */
const mostNumbers = 1e7;

/**
 * How scores depend on one column: every row is scored with the column set to each value of a grid. The mean curve is that
 * of the model, whether or not such rows exist: where columns go together, it covers combinations that nobody has. Curves
 * of single rows that cross show an interaction, which the mean hides.
 *
 * @param table rows whose other columns stay as they are; a few hundred suffice.
 * @throws ChurnkitError OPTION_INVALID for an unknown column, a value that breaks the contract, options out of range or more
 * than 10 million numbers, TOO_FEW_ROWS for a table without rows, and as `scorer.score` does.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { compile, logistic, partialDependence, train } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed: 1 }).records);
 * const { artifact } = await train(defineFeatures(syntheticContract), customers, { learner: logistic() });
 * const { grid, mean } = partialDependence(await compile(artifact), customers, "tenureMonths");
 * grid.forEach((value, i) => console.log(value, mean[i]));
 * ```
 */
export function partialDependence<Row>(
  scorer: Pick<Scorer, "contract" | "score">,
  table: Table<Row>,
  column: ColumnName<Row>,
  options: PartialDependenceOptions = {},
): PartialDependence {
  const { points = 20, values, scale = "probability", centered = false } = options;
  const feature = featureNamed(scorer.contract, column, "column");
  wholeOption("points", points, 2, 1000);
  checkRows(table);
  const { data, grid } =
    values === undefined ? drawnGrid(feature, table, points) : givenGrid(scorer, feature, table, values);
  const { rows } = table;
  const width = grid.length;
  if (rows * width > mostNumbers) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${rows} rows x ${width} values are more than ${mostNumbers} numbers. Give fewer rows or points.`,
      { where: { column } },
    );
  }
  const curves = new Float64Array(rows * width);
  for (let i = 0; i < width; i++) {
    const cells = takeCells(data, new Uint32Array(rows).fill(i));
    const scores = scorer.score(withColumns(table, new Map([[column, cells]])));
    for (let row = 0; row < rows; row++) {
      const score = scores[row] as number;
      curves[row * width + i] = scale === "logOdds" ? logit(score) : score;
    }
  }
  if (centered) center(curves, width);
  const mean = new Float64Array(width);
  for (let at = 0; at < curves.length; at++) {
    mean[at % width] = (mean[at % width] as number) + (curves[at] as number) / rows;
  }
  return { column, grid, mean, rows, curves, scale, centered };
}

function center(curves: Float64Array, width: number): void {
  for (let start = 0; start < curves.length; start += width) {
    const first = curves[start] as number;
    for (let i = 0; i < width; i++) curves[start + i] = (curves[start + i] as number) - first;
  }
}

/** A grid, and its cells as data of the column. */
interface Grid {
  readonly data: ColumnData;
  readonly grid: readonly RecordValue[];
}

/** Quantiles of a column's values, or its labels. */
function drawnGrid(column: Column, table: Table, points: number): Grid {
  const data = dataOf(table, column.name);
  const cells = data.storage === "numeric" ? quantileCells(data.values, points) : frequentCells(data.codes, points);
  if (cells.length === 0) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${table.source}: ${column.name} is missing in every row, so there is no grid. Give the values.`,
      { where: { file: table.source, column: column.name } },
    );
  }
  const drawn = takeCells(data, cells);
  const shown = { ...table, columns: new Map([[column.name, drawn]]), rows: cells.length };
  return { data: drawn, grid: cells.map((_, i) => recordOf(shown, i)[column.name] ?? null) };
}

/** Positions of rows with the quantiles at equal steps, without repeated values. */
function quantileCells(values: Float64Array, points: number): number[] {
  const known = Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]));
  known.sort((a, b) => (values[a] as number) - (values[b] as number));
  const count = Math.min(points, known.length);
  const step = (known.length - 1) / Math.max(1, count - 1);
  const drawn = Array.from({ length: count }, (_, i) => known[Math.round(i * step)] as number);
  return drawn.filter((row, i) => i === 0 || values[row] !== values[drawn[i - 1] as number]);
}

/** For each of the most frequent labels, in the order of the codes, a row that has it. */
function frequentCells(codes: Int32Array, points: number): number[] {
  const found = new Map<number, { row: number; count: number }>();
  codes.forEach((code, row) => {
    if (code < 0) return;
    const known = found.get(code);
    if (known === undefined) found.set(code, { row, count: 1 });
    else known.count++;
  });
  return [...found]
    .sort(([a, one], [b, other]) => other.count - one.count || a - b)
    .slice(0, points)
    .sort(([a], [b]) => a - b)
    .map(([, { row }]) => row);
}

/** Values that were given, read by the contract. */
function givenGrid(
  { contract }: Pick<Scorer, "contract">,
  column: Column,
  table: Table,
  values: readonly RecordValue[],
): Grid {
  const { name } = column;
  wholeOption("The number of values", values.length, 1, 1000);
  const row = recordOf(table, 0);
  const read = rowBuffer(contract, { capacity: values.length }).fill(
    values.map((value) => ({ ...row, [name]: value })),
  );
  const broken = read.rejected[0]?.issues[0];
  if (broken !== undefined) {
    throw new ChurnkitError("OPTION_INVALID", `A value of the grid breaks the contract: ${broken.message}`, {
      where: { column: name },
    });
  }
  return { data: dataOf(read, name), grid: values.map((_, i) => recordOf(read, i)[name] ?? null) };
}
