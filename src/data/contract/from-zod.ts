import type { $ZodObject, $ZodType } from "zod/v4/core";
import { contractProblems } from "./check-contract.js";
import type { Column, ColumnRole, Contract, Target } from "./contract.js";
import { nearestText } from "./cells/nearest.js";
import { nameProblem } from "./limits.js";
import { refuseChecks } from "./zod/checks.js";
import { lower } from "./zod/lower.js";
import type { ColumnType, Lowered } from "./zod/lowered.js";
import { throwProblems, type Problem } from "./problem.js";
import { lowerTarget } from "./zod/zod-target.js";

/** Options of {@link contractOf}. */
export interface ContractOptions {
  /** A name for messages and the registry; "dataset" by default. */
  readonly name?: string | undefined;
  /** The column or columns that identify a record. */
  readonly id?: string | readonly string[] | undefined;
  /** The column to predict; without it the contract describes records only. */
  readonly target?: string | undefined;
  /** The value of the target whose probability the model returns; needed with `target`. */
  readonly positive?: unknown;
}

/** Adds the metadata about text formats to the type; reports a format for a different kind of column. */
function written(name: string, { type, meta }: Lowered, problems: Problem[]): ColumnType {
  const { numberFormat, dateFormat } = meta;
  const refuse = (member: string, kind: string): void => {
    problems.push({
      code: "CONTRACT_INVALID",
      path: name,
      message: `meta.${member} is for ${kind}s, and this is a ${type.kind} column`,
    });
  };
  if (numberFormat !== undefined && type.kind !== "number") refuse("numberFormat", "number");
  if (dateFormat !== undefined && type.kind !== "date") refuse("dateFormat", "date");
  if (type.kind === "number" && numberFormat !== undefined) return { ...type, numberFormat };
  return type.kind === "date" && dateFormat !== undefined ? { ...type, dateFormat } : type;
}

function columnOf(name: string, role: ColumnRole, lowered: Lowered, problems: Problem[]): Column {
  const { nullable, optional, meta } = lowered;
  return {
    name,
    role,
    nullable,
    optional,
    ...(lowered.default === undefined ? {} : { default: lowered.default, defaultFor: "absent" }),
    missing: meta.missing ?? [],
    ...(meta.unit === undefined ? {} : { unit: meta.unit }),
    ...(meta.description === undefined ? {} : { description: meta.description }),
    ...written(name, lowered, problems),
  };
}

/** Returns the keys of the object schema with their schemas, or why there are none. */
function shapeOf(schema: $ZodObject, problems: Problem[]): [string, $ZodType][] {
  // A caller in plain JavaScript may pass anything.
  const def = (schema as Partial<$ZodObject> | undefined)?._zod?.def;
  if (def?.type !== "object") {
    const message = "the schema must be a zod 4 object: z.object({ ... })";
    problems.push({ code: "CONTRACT_UNSUPPORTED_TYPE", path: "", message });
    return [];
  }
  refuseChecks(schema, (message) => problems.push({ code: "CONTRACT_UNSUPPORTED_TYPE", path: "schema", message }));
  return Object.entries(def.shape);
}

function unknownColumn(what: string, name: string, names: readonly string[]): Problem {
  const near = nearestText(name, names);
  const hint = near === undefined ? "" : `; perhaps you meant ${JSON.stringify(near)}`;
  return {
    code: "CONTRACT_INVALID",
    path: "",
    message: `the ${what} ${JSON.stringify(name)} is not a key of the schema${hint}`,
  };
}

/**
 * Lowers a plain zod 4 object to a contract. This is the one place that reads zod; it does so through the schema's own
 * definition and never imports zod.
 *
 * Numbers (also `z.int()`, `z.coerce.number()`) become number columns. Enums, literals and unions of them become
 * categories, closed unless `.meta({ unseen: "unknown" })`. `z.string()` becomes an open category without levels, or
 * text with `.meta({ kind: "text" })`. `z.boolean()` and `z.stringbool()` become booleans; `z.date()`, `z.iso.date()`
 * and `z.iso.datetime()` become dates. nullable, optional, nullish, default, prefault, readonly, lazy, `z.nan()` in a
 * union with a number and brands mean what they mean in zod, apart from the differences that docs/contract.md lists.
 * The target becomes a category of texts, whatever its type.
 *
 * @throws ChurnkitError CONTRACT_UNSUPPORTED_TYPE naming every type that cannot be lowered, by path; CONTRACT_INVALID
 * if names, levels, limits, ids or target contradict each other. All problems come in one error.
 * @example
 * ```ts
 * import { z } from "zod";
 * import { contractOf } from "churnkit/data";
 *
 * const contract = contractOf(z.object({ plan: z.enum(["basic", "plus"]), tenure: z.int().min(0).nullable() }));
 * console.log(contract.columns.map((column) => `${column.name}: ${column.kind}`));
 * ```
 */
export function contractOf(schema: $ZodObject, options: ContractOptions = {}): Contract {
  const { name = "dataset", target: targetName } = options;
  const ids = options.id === undefined ? [] : typeof options.id === "string" ? [options.id] : [...options.id];
  const problems: Problem[] = [];
  const shape = shapeOf(schema, problems);
  const names = shape.map(([key]) => key);
  for (const id of ids) if (!names.includes(id)) problems.push(unknownColumn("id", id, names));
  if (targetName !== undefined && !names.includes(targetName))
    problems.push(unknownColumn("target", targetName, names));
  if (targetName !== undefined && ids.includes(targetName)) {
    problems.push({ code: "CONTRACT_INVALID", path: targetName, message: "a column cannot be both id and target" });
  }

  const columns: Column[] = [];
  let target: Target | undefined;
  for (const [key, type] of shape) {
    if (nameProblem(key) !== undefined) continue;
    const lowered = lower(type, { path: key, meta: {}, problems, depth: 0 });
    if (lowered === undefined) continue;
    if (key === targetName) {
      const found = lowerTarget(key, lowered, options.positive, problems);
      if (found === undefined) continue;
      target = found.target;
      columns.push(columnOf(key, "target", { ...lowered, default: undefined, type: found.type }, problems));
    } else columns.push(columnOf(key, ids.includes(key) ? "id" : (lowered.meta.role ?? "feature"), lowered, problems));
  }
  for (const key of names) {
    const message = nameProblem(key);
    if (message !== undefined) problems.push({ code: "CONTRACT_INVALID", path: "", message });
  }
  const contract: Contract = {
    format: 1,
    name,
    origin: "declared",
    columns,
    ...(target === undefined ? {} : { target }),
  };
  // Check the lowered part for contradictions; a missing column would only repeat an earlier problem.
  if (problems.length === 0) problems.push(...contractProblems(contract));
  throwProblems(name, problems);
  return contract;
}
