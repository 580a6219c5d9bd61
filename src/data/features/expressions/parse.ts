import type { Contract } from "../../contract/contract.js";
import { expressionLimits, type Call, type Expression, type ParameterValue } from "../expression.js";
import { checkExpression } from "./check.js";
import { JsonReader } from "./json.js";
import { operatorOf, type OperatorName } from "./operators.js";
import { parameterKinds } from "./parameters.js";

function readParameters(
  reader: JsonReader,
  kinds: Readonly<Record<string, keyof typeof parameterKinds>>,
): Call["parameters"] {
  const names = Object.keys(kinds);
  if (names.length === 0) {
    if (!reader.absent) reader.fields([]);
    return undefined;
  }
  const field = reader.fields(names);
  return Object.fromEntries(
    names.map((name): [string, ParameterValue] => {
      const parameter = field(name);
      const kind = parameterKinds[kinds[name] ?? "number"];
      if (!kind.accepts(parameter.value)) parameter.fail(`must be ${kind.wants}`);
      const value = parameter.value as ParameterValue;
      return [name, typeof value === "object" ? value.slice() : value];
    }),
  );
}

function read(reader: JsonReader, depth: number, budget: { nodes: number }): Expression {
  if (depth > expressionLimits.depth) reader.fail(`is nested deeper than ${expressionLimits.depth} calls`);
  if (--budget.nodes < 0) reader.fail(`makes the expression larger than ${expressionLimits.nodes} columns and calls`);
  const field = reader.fields(["op", "name", "args", "parameters"]);
  const op = field("op").text(expressionLimits.text);
  if (op === "column") {
    const own = reader.fields(["op", "name"]);
    return { op, name: own("name").text(expressionLimits.text) };
  }
  const operator = operatorOf(op);
  if (operator === undefined) return field("op").fail(`names an operator "${op.slice(0, 80)}" that is not known`);
  const own = reader.fields(["op", "args", "parameters"]);
  const args = own("args").list(expressionLimits.nodes, (item) => read(item, depth + 1, budget));
  const parameters = readParameters(own("parameters"), operator.parameters);
  return { op: op as OperatorName, args, ...(parameters && { parameters }) };
}

/** Reads the form of an expression: operators, parameters and limits, but not whether it fits a contract. */
export function readExpression(reader: JsonReader): Expression {
  return read(reader, 0, { nodes: expressionLimits.nodes });
}

/**
 * Reads an expression from untrusted JSON and checks it against a contract.
 *
 * @param json Parsed JSON, such as `{ "op": "ratio", "args": [{ "op": "column", "name": "a" }, ...] }`.
 * @param contract The contract whose columns it may name; the target and ids are not among them.
 * @param path Where the JSON stands in its document, for messages.
 * @returns a fresh, plain expression.
 * @throws ChurnkitError FEATURES_INVALID, with the path, for an unknown operator or column, a wrong kind, label or
 * parameter, more than 32 levels of nesting or more than 1000 columns and calls.
 */
export function parseExpression(json: unknown, contract: Contract, path = "expression"): Expression {
  const expression = readExpression(new JsonReader(json, path, "FEATURES_INVALID"));
  checkExpression(expression, contract, path);
  return expression;
}
