import { ChurnkitError } from "../../base/errors.js";
import type { Column, Contract } from "../contract/contract.js";

/**
 * Treatment of the target column. `required`: it must be present, and a row without a class is set aside (training,
 * evaluation). `optional`: it may be absent, and a label that is not a class becomes a level after the classes.
 * `ignore`: it is not read at all (scoring). Only `required` also requires the id columns.
 */
export type TargetMode = "required" | "optional" | "ignore";

/** How to read rows, whatever their form. */
export interface RowOptions {
  /** A name for messages; default the path, or "input". */
  readonly source?: string | undefined;
  /** Default `required`, which only requires ids if the contract has no target. */
  readonly target?: TargetMode | undefined;
}

/** Returns `value` if it is one of `allowed`, `otherwise` if it is undefined; throws OPTION_INVALID for others. */
export function choice<T extends string>(name: string, value: T | undefined, allowed: readonly T[], otherwise: T): T {
  if (value === undefined) return otherwise;
  if (allowed.includes(value)) return value;
  const message = `The option ${name} is ${JSON.stringify(value)}; it must be one of ${allowed.join(", ")}.`;
  throw new ChurnkitError("OPTION_INVALID", message, { where: { value } });
}

/** The mode for the target, checked. */
export function targetMode(mode: TargetMode | undefined): TargetMode {
  return choice("target", mode, ["required", "optional", "ignore"], "required");
}

/** Whether the input must have the column, and a bad cell in it refuses the row; otherwise a bad cell is missing. */
export function isNeeded(column: Column, mode: TargetMode): boolean {
  return column.role === "feature" || (mode === "required" && column.role !== "ignored");
}

/**
 * Returns the contract's columns for a mode: without the target if it is ignored, open to any label if it is
 * optional.
 */
export function columnsToRead({ columns }: Contract, mode: TargetMode): readonly Column[] {
  if (mode === "ignore") return columns.filter((column) => column.role !== "target");
  if (mode === "required") return columns;
  return columns.map((column) =>
    column.role === "target" && column.kind === "category" ? { ...column, open: true } : column,
  );
}
