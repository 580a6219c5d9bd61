import type { Contract } from "../../data/contract/index.js";
import { explainEncoding, type Recipe } from "../../data/features/index.js";
import type { ExplainedColumn } from "./explanation.js";

/** The columns of an explanation, and the column of each matrix column. */
export interface ColumnGroups {
  readonly columns: readonly ExplainedColumn[];
  /** For each matrix column, a position in `columns`. */
  readonly groupOf: Int32Array;
}

/**
 * Assigns matrix columns to the columns that people know: every feature of the contract (even one that no block uses,
 * whose attribution is 0), then each derived column of several.
 */
export function columnGroups(contract: Contract, recipe: Recipe): ColumnGroups {
  const columns: ExplainedColumn[] = contract.columns
    .filter(({ role }) => role === "feature")
    .map(({ name }) => ({ name, madeOf: [name], derived: false }));
  const place = new Map(columns.map(({ name }, i) => [name, i]));
  const encoded = explainEncoding(recipe);
  const groupOf = Int32Array.from(encoded, ({ source, columns: madeOf }) => {
    const known = place.get(source);
    if (known !== undefined) return known;
    place.set(source, columns.length);
    columns.push({ name: source, madeOf, derived: true });
    return columns.length - 1;
  });
  return { columns, groupOf };
}
