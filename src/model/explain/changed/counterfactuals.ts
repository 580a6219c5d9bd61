import { ChurnkitError } from "../../../base/errors.js";
import type { CellIssue } from "../../../data/contract/index.js";
import { type ColumnName, recordOf, type RecordValue, rowBuffer, type Table } from "../../../data/table/index.js";
import type { Scorer } from "../../scoring/index.js";
import { checkRows, featureNamed, wholeOption } from "./columns.js";
import { checkDirection, type Direction, movesOf } from "./moves.js";
import { bySize, columnsOf, distanceOf, search, type ScoreMoves, type State, tighten } from "./search.js";

/** What counterfactuals may change, and how far. */
interface CounterfactualOptions<Row> {
  /** The probability to get below, in [0, 1]. Default: the decision's threshold. */
  readonly below?: number | undefined;
  /** Ways out at most, 1 to 20. Default 3. */
  readonly count?: number | undefined;
  /** Changed columns of one way out at most, 1 to 6. Default 3. */
  readonly mostChanges?: number | undefined;
  /** Columns that nobody can change, such as the gender. */
  readonly fixed?: readonly ColumnName<Row>[] | undefined;
  /** Columns that only go up, such as the tenure, or only down. */
  readonly directions?: { readonly [Name in ColumnName<Row>]?: Direction } | undefined;
}

/** Changes that suffice together. */
interface Counterfactual {
  readonly changes: readonly { readonly column: string; readonly from: RecordValue; readonly to: RecordValue }[];
  /** Of the changed record. */
  readonly probability: number;
  /** Sum over the changes: numbers and dates in median absolute deviations of the background, 1 for another label. */
  readonly distance: number;
}

/** What would bring a record below a probability. */
export interface Counterfactuals {
  /** `already` where nothing needs to change, `notScored` where the record breaks the contract. */
  readonly outcome: "found" | "notFound" | "already" | "notScored";
  /** Of the record as it is. */
  readonly probability: number | null;
  readonly below: number;
  /** Ways out that change different columns: the fewest changes first, then the nearest. */
  readonly options: readonly Counterfactual[];
  /** Where none was found, the changes that come nearest. */
  readonly best: Counterfactual | null;
  /** What is wrong with a record that is not scored. */
  readonly issues: readonly CellIssue[];
}

/**
 * Finds small changes of a record's columns that bring its probability below a threshold (Wachter et al. 2017): few columns,
 * near values, and different columns from one way out to the next (Mothilal et al. 2020). Values stay within the contract,
 * and numbers within the background; no change can be left out. It says what the model would answer, not what would
 * keep the customer; it knows no costs, and no relation among columns.
 *
 * @param background customers like this one, or `backgroundFromProfile`.
 * @param record parsed JSON, checked by the contract.
 * @throws ChurnkitError OPTION_INVALID for an unknown column or an option out of range, TOO_FEW_ROWS for an empty background.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { compile, counterfactuals, logistic, train } from "churnkit/model";
 *
 * const { records } = syntheticCustomers({ rows: 500, seed: 1 });
 * const customers = tableFromRecords(syntheticContract, records);
 * const { artifact } = await train(defineFeatures(syntheticContract), customers, { learner: logistic() });
 * const options = { fixed: ["gender"], directions: { tenureMonths: "up" } } as const;
 * const found = counterfactuals(await compile(artifact), customers, records[0], options);
 * for (const { changes, probability } of found.options) console.log(changes, probability);
 * ```
 */
export function counterfactuals<Row>(
  scorer: Pick<Scorer, "contract" | "decision" | "scoreRecords">,
  background: Table<Row>,
  record: unknown,
  options: CounterfactualOptions<Row> = {},
): Counterfactuals {
  const { below = scorer.decision.threshold, count = 3, mostChanges = 3, fixed = [], directions = {} } = options;
  if (!(below >= 0 && below <= 1)) {
    throw new ChurnkitError("OPTION_INVALID", `below is ${below}. Give a probability from 0 to 1.`, {
      where: { value: below },
    });
  }
  wholeOption("count", count, 1, 20);
  wholeOption("mostChanges", mostChanges, 1, 6);
  checkRows(background);
  const changeable = changeableOf(scorer, fixed, directions);
  const table = rowBuffer(scorer.contract).fill([record]);
  const [now] = scorer.scoreRecords([record]);
  const result = { below, options: [], best: null, issues: [] };
  if (table.rows === 0 || now?.probability === null || now === undefined) {
    return { ...result, outcome: "notScored", probability: null, issues: now?.issues ?? [] };
  }
  const { probability } = now;
  if (probability < below) return { ...result, outcome: "already", probability };

  const row = recordOf(table, 0);
  const score: ScoreMoves = (lists) => scored(scorer, row, lists);
  const moves = changeable.flatMap(({ column, direction }) =>
    movesOf(column, row[column.name] ?? null, background, direction),
  );
  const found = search(moves, below, mostChanges, count, score);
  const ways = different(
    different([...found.below].sort(bySize))
      .slice(0, 2 * count)
      .map((state) => tighten(state, below, score))
      .sort(bySize),
  );
  if (ways.length > 0) {
    return { ...result, outcome: "found", probability, options: ways.slice(0, count).map(counterfactualOf) };
  }
  const nearest = found.lowest !== undefined && found.lowest.probability < probability ? found.lowest : undefined;
  return {
    ...result,
    outcome: "notFound",
    probability,
    best: nearest === undefined ? null : counterfactualOf(nearest),
  };
}

/** The features that may change, with their directions. */
function changeableOf(
  { contract }: Pick<Scorer, "contract">,
  fixed: readonly string[],
  directions: Readonly<Record<string, Direction | undefined>>,
) {
  for (const name of fixed) featureNamed(contract, name, "fixed");
  const ways = new Map(Object.entries(directions));
  for (const [name, direction] of ways) {
    const column = featureNamed(contract, name, "directions");
    if (direction !== undefined) checkDirection(column, direction);
  }
  return contract.columns
    .filter(({ role, name }) => role === "feature" && !fixed.includes(name))
    .map((column) => ({ column, direction: ways.get(column.name) }));
}

function scored(
  scorer: Pick<Scorer, "scoreRecords">,
  row: Readonly<Record<string, RecordValue>>,
  lists: Parameters<ScoreMoves>[0],
): State[] {
  const records = lists.map((moves) => {
    const changed: Record<string, RecordValue> = { ...row };
    for (const { column, to } of moves) changed[column] = to;
    return changed;
  });
  const scores = scorer.scoreRecords(records, { mostIssues: 0 });
  return lists.map((moves, i) => ({ moves, probability: scores[i]?.probability ?? Infinity }));
}

/** The first state for each set of columns. */
function different(states: readonly State[]): State[] {
  const seen = new Set<string>();
  return states.filter((state) => {
    const columns = columnsOf(state);
    return !seen.has(columns) && seen.add(columns);
  });
}

const counterfactualOf = (state: State): Counterfactual => ({
  changes: state.moves.map(({ column, from, to }) => ({ column, from, to })),
  probability: state.probability,
  distance: distanceOf(state),
});
