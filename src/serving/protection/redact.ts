import type { Contract } from "../../data/contract/index.js";

const redacted = "[redacted]";
/** Most records of one body that are shown. */
const mostRecords = 10;

/**
 * Shows of a parsed body what identifies nobody: numbers and booleans of features, and texts that are a level of their column.
 * All else (ids, the target, dates, free text, labels that the contract does not know, names that are no column) is redacted.
 *
 * @param hide further columns to redact.
 */
export function redactor(contract: Contract, hide: readonly string[]): (body: unknown) => unknown {
  const shown = new Map(
    contract.columns
      .filter(
        ({ name, role, kind }) => role === "feature" && kind !== "text" && kind !== "date" && !hide.includes(name),
      )
      .map((column) => [column.name, new Set(column.kind === "category" ? column.levels : [])]),
  );
  const value = (name: string, given: unknown): unknown => {
    const levels = shown.get(name);
    if (levels === undefined) return redacted;
    if (given === null || typeof given === "number" || typeof given === "boolean") return given;
    return typeof given === "string" && levels.has(given) ? given : redacted;
  };
  const record = (given: unknown): unknown => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) return redacted;
    const entries = Object.entries(given);
    const known = entries.filter(([name]) => contract.columns.some((column) => column.name === name));
    const others = entries.length - known.length;
    const parts = known.map(([name, each]): [string, unknown] => [name, value(name, each)]);
    return Object.fromEntries(others === 0 ? parts : [...parts, ["[other keys]", others]]);
  };
  return (body) => {
    const many: unknown = Array.isArray(body) ? body : (body as { records?: unknown } | null)?.records;
    return Array.isArray(many) ? many.slice(0, mostRecords).map(record) : record(body);
  };
}
