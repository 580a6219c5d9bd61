import type { Column, Contract, CellIssue } from "../../data/contract/index.js";
import type { ColumnData, Table } from "../../data/table/index.js";

const none: readonly CellIssue[] = [];

/** Returns the issue of a value that the contract accepts but that looks odd. */
type Check = (data: ColumnData, row: number) => CellIssue | undefined;

/**
 * Makes the function that finds what is odd about a row although it meets the contract: an unseen label of an open
 * category, a number or date outside the observed range.
 */
export function recordWarnings(contract: Contract): (table: Table, row: number) => readonly CellIssue[] {
  const checks = contract.columns
    .filter((column) => column.role === "feature")
    .flatMap((column) => {
      const check = checkOf(column);
      return check === undefined ? [] : [{ name: column.name, check }];
    });
  return (table, row) => {
    let issues: CellIssue[] | undefined;
    for (const { name, check } of checks) {
      const data = table.columns.get(name);
      const issue = data && check(data, row);
      if (issue !== undefined) (issues ??= []).push(issue);
    }
    return issues ?? none;
  };
}

function checkOf(column: Column): Check | undefined {
  const { name } = column;
  switch (column.kind) {
    case "category": {
      const known = column.levels.length;
      // An open column without levels has too many to name them: only the recipe knows which it learned.
      if (!column.open || known === 0) return undefined;
      return (data, row) => {
        const code = data.storage === "coded" ? (data.codes[row] as number) : -1;
        if (code < known) return undefined;
        const value = (data.storage === "coded" ? (data.levels[code] ?? "") : "").slice(0, 80);
        return {
          column: name,
          rule: "newLevel",
          value,
          message: `${name}: the label ${JSON.stringify(value)} was not seen in training; it counts as unknown`,
        };
      };
    }
    case "number":
    case "date": {
      const { observed } = column;
      if (observed === undefined) return undefined;
      const show = column.kind === "date" ? (time: number) => new Date(time).toISOString().slice(0, 10) : String;
      return (data, row) => {
        const value = data.storage === "numeric" ? (data.values[row] as number) : NaN;
        if (!(value < observed.min || value > observed.max)) return undefined;
        const range = `${show(observed.min)} to ${show(observed.max)}`;
        return {
          column: name,
          rule: "outsideObserved",
          value: show(value),
          message: `${name}: ${show(value)} is outside the range seen before, ${range}`,
        };
      };
    }
    default:
      return undefined;
  }
}
