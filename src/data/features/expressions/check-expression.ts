import { ChurnkitError } from "../../../base/errors.js";
import { nearestText } from "../../contract/cells/nearest.js";
import type { Column, ColumnKind, Contract } from "../../contract/contract.js";
import { expressionLimits, type Call, type Expression } from "../expression.js";
import { LevelIndex } from "./levels.js";
import { argumentKinds, type ArgumentKind, type Operator } from "./operator.js";
import { operatorOf } from "./operators.js";
import { labelsIn } from "./parameters.js";

/** Static facts about an expression's values. */
export interface Checked {
  readonly kind: ColumnKind;
  /** The labels of a category. Empty: any label may come. */
  readonly levels: readonly string[];
}

function fail(path: string, problem: string, column?: string): never {
  throw new ChurnkitError("FEATURES_INVALID", `${path}: ${problem}`, { where: { path, column } });
}

/** Returns the column that an expression may read, or fails with the reason. */
export function inputColumn(contract: Contract, name: string, path: string): Column {
  const column = contract.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    const near = nearestText(
      name,
      contract.columns.map((candidate) => candidate.name),
    );
    const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
    return fail(path, `the contract "${contract.name}" has no column "${name.slice(0, 80)}".${hint}`, name);
  }
  if (column.role === "target")
    fail(path, `"${name}" is the target, which is unknown when you score a customer.`, name);
  if (column.role === "id") fail(path, `"${name}" is an id, which carries no information about other customers.`, name);
  return column;
}

function describe(expression: Expression, kind: ColumnKind): string {
  return expression.op === "column" ? `column "${expression.name}" is a ${kind}` : `${expression.op}(...) is a ${kind}`;
}

/** Returns the kind that the argument at an index must have, or undefined if there are too many arguments. */
function wantedKind(operator: Operator, index: number): ArgumentKind | undefined {
  return operator.args[index] ?? operator.rest?.kind;
}

function checkLabels(call: Call, operator: Operator, args: readonly Checked[], path: string): void {
  for (const [name, kind] of Object.entries(operator.parameters)) {
    const value = call.parameters?.[name];
    if ((kind !== "label" && kind !== "labels") || value === undefined) continue;
    for (const label of labelsIn(value)) {
      args.forEach((arg, i) => {
        const known = arg.kind === "boolean" ? ["true", "false"] : arg.levels;
        if (known.length === 0 || known.includes(label)) return;
        const shown = known
          .slice(0, 10)
          .map((level) => JSON.stringify(level))
          .join(", ");
        fail(
          `${path}.parameters.${name}`,
          `argument ${i} of ${call.op} has no level ${JSON.stringify(label)}; it has ${shown}${known.length > 10 ? ", ..." : ""}.`,
        );
      });
    }
  }
}

function checkCall(call: Call, contract: Contract, path: string): Checked {
  const operator = operatorOf(call.op);
  if (operator === undefined) return fail(path, `unknown operator "${String(call.op).slice(0, 80)}".`);
  const least = operator.rest?.min ?? operator.args.length;
  if (call.args.length < least || (operator.rest === undefined && call.args.length > least)) {
    fail(
      path,
      `${call.op} takes ${operator.rest === undefined ? "" : "at least "}${least} arguments, not ${call.args.length}.`,
    );
  }
  const args = call.args.map((arg, i) => {
    const at = `${path}.args[${i}]`;
    const checked = checkExpression(arg, contract, at);
    const wanted = wantedKind(operator, i) ?? "any";
    const kinds: readonly ColumnKind[] = argumentKinds[wanted];
    if (!kinds.includes(checked.kind))
      fail(at, `${describe(arg, checked.kind)}, and ${call.op} takes a ${kinds.join(" or ")}.`);
    return checked;
  });
  checkLabels(call, operator, args, path);
  const problem = operator.problem?.(call.parameters ?? {});
  if (problem !== undefined) fail(`${path}.parameters`, `${problem}.`);
  return { kind: operator.result, levels: resultLevels(call, operator, args, path) };
}

function resultLevels(call: Call, operator: Operator, args: readonly Checked[], path: string): readonly string[] {
  if (operator.labels === undefined) return [];
  if (args.some((arg) => arg.levels.length === 0)) fail(path, `${call.op} needs columns whose levels are known.`);
  const size = args.reduce((product, arg) => product * arg.levels.length, 1);
  if (size > expressionLimits.list)
    fail(path, `${call.op} would have ${size} levels, more than ${expressionLimits.list}.`);
  return operator.labels(args.map((arg) => new LevelIndex(arg.levels)));
}

/**
 * Checks an expression against a contract: columns, kinds, number of arguments, labels.
 *
 * @returns the kind of its values.
 * @throws ChurnkitError FEATURES_INVALID with the path.
 */
export function checkExpression(expression: Expression, contract: Contract, path: string): Checked {
  if (expression.op !== "column") return checkCall(expression, contract, path);
  const column = inputColumn(contract, expression.name, path);
  return { kind: column.kind, levels: column.kind === "category" ? column.levels : [] };
}
