import { ChurnkitError } from "../../base/errors.js";
import { cutText } from "./cells/issue.js";
import { nearestText } from "./cells/nearest.js";
import type { Contract } from "./contract.js";

/**
 * Returns a contract in which these columns are read but are not features: their role is `ignored`.
 *
 * @throws ChurnkitError INPUT_COLUMNS for a name that is not a column, OPTION_INVALID for the target or an id.
 */
export function ignoreColumns(contract: Contract, names: readonly string[], source = contract.name): Contract {
  const { columns, target } = contract;
  for (const name of names) {
    const column = columns.find((one) => one.name === name);
    const where = { file: source, column: name };
    if (column === undefined) {
      const near = nearestText(
        name,
        columns.map((one) => one.name),
      );
      const hint =
        near === undefined
          ? `The columns are ${cutText(columns.map((one) => one.name).join(", "), 300)}.`
          : `Did you mean "${near}"?`;
      throw new ChurnkitError("INPUT_COLUMNS", `${source}: it has no column "${cutText(name)}" to ignore. ${hint}`, {
        where,
      });
    }
    if (name === target?.column || column.role === "id") {
      const what = column.role === "id" ? "an id, which is never a feature" : "the target";
      throw new ChurnkitError(
        "OPTION_INVALID",
        `${source}: the column "${cutText(name)}" cannot be ignored: it is ${what}.`,
        { where },
      );
    }
  }
  return {
    ...contract,
    columns: columns.map((column) => (names.includes(column.name) ? { ...column, role: "ignored" } : column)),
  };
}
