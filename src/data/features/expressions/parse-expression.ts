import {
  list,
  literal,
  optional,
  strictObject,
  text,
  type Decoder,
  documentError,
  JsonValue,
} from "../../../base/json/index.js";
import type { Contract } from "../../contract/contract.js";
import { expressionLimits, type Call, type Expression, type ParameterValue } from "../expression.js";
import { checkExpression } from "./check-expression.js";
import { operatorOf, type OperatorName } from "./operators.js";
import { parameterKinds, type ParameterKind } from "./parameters.js";

function parametersOf(kinds: Readonly<Record<string, ParameterKind>>): Decoder<Call["parameters"]> {
  const fields = Object.entries(kinds).map(([key, kind]): [string, Decoder<ParameterValue>] => [key, parameter(kind)]);
  if (fields.length === 0) return (json) => void optional(strictObject({}))(json);
  return strictObject(Object.fromEntries(fields));
}

const parameter =
  (kind: ParameterKind): Decoder<ParameterValue> =>
  (json) => {
    const { wants, accepts } = parameterKinds[kind];
    if (!accepts(json.value)) throw json.not(wants);
    const value = json.value as ParameterValue;
    return typeof value === "object" ? value.slice() : value;
  };

const name = text(expressionLimits.text);
const column = strictObject({ op: literal("column"), name });

function read(json: JsonValue, depth: number, budget: { nodes: number }): Expression {
  if (depth > expressionLimits.depth) throw json.refused(`is nested deeper than ${expressionLimits.depth} calls`);
  if (--budget.nodes < 0)
    throw json.refused(`makes the expression larger than ${expressionLimits.nodes} columns and calls`);
  const op = name(json.get("op"));
  if (op === "column") return column(json);
  const operator = operatorOf(op);
  if (operator === undefined) throw json.get("op").not("the name of an operator");
  const { parameters, args } = strictObject({
    op: name,
    args: list((item) => read(item, depth + 1, budget), expressionLimits.nodes),
    parameters: parametersOf(operator.parameters),
  })(json);
  return { op: op as OperatorName, args, ...(parameters && { parameters }) };
}

/** Reads the form of an expression: operators, parameters and limits, but not whether it fits a contract. */
export const readExpression: Decoder<Expression> = (json) => read(json, 0, { nodes: expressionLimits.nodes });

const malformed = documentError("FEATURES_INVALID", "", "Build expressions with the functions of churnkit/data.");

/**
 * Reads an expression from untrusted JSON and checks it against a contract.
 *
 * @param json Parsed JSON, such as `{ "op": "ratio", "args": [{ "op": "column", "name": "a" }, ...] }`.
 * @param contract The contract whose columns the expression may name, except the target and ids.
 * @param path Place of the JSON in its document, for messages.
 * @returns a new, plain expression.
 * @throws ChurnkitError FEATURES_INVALID, with the path, for an unknown operator or column, a wrong kind, label or
 * parameter, more than 32 levels of nesting or more than 1000 columns and calls.
 */
export function parseExpression(json: unknown, contract: Contract, path = "expression"): Expression {
  const expression = readExpression(JsonValue.of(json, "The expression", malformed, path));
  checkExpression(expression, contract, path);
  return expression;
}
