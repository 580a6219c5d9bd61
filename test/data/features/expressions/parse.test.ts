import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../../src/base/errors.js";
import { parseExpression } from "../../../../src/data/features/expressions/parse-expression.js";
import { booleanColumn, categoryColumn, contractOfColumns, dateColumn, numberColumn, textColumn } from "../tables.js";

const contract = {
  ...contractOfColumns([
    numberColumn("tenure"),
    numberColumn("charges"),
    booleanColumn("flag"),
    dateColumn("signup"),
    categoryColumn("plan", ["basic", "plus"]),
    categoryColumn("area", [], true),
    textColumn("note"),
  ]),
};
const withId = { ...contract, columns: [...contract.columns, { ...numberColumn("customer"), role: "id" as const }] };

const tenure = { op: "column", name: "tenure" };
const plan = { op: "column", name: "plan" };

function problem(json: unknown): { code: string; path: string | undefined; message: string } {
  try {
    parseExpression(json, withId, "derive.x");
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return { code: error.code, path: error.where.path, message: error.message };
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(json)}`);
}

const nested = (depth: number): unknown => (depth === 0 ? tenure : { op: "negate", args: [nested(depth - 1)] });

describe("parseExpression", () => {
  it("gives back what was written, without what it shares with the input", () => {
    const json = {
      op: "sum",
      args: [
        { op: "bucket", args: [tenure], parameters: { edges: [1, 2] } },
        { op: "countOf", args: [plan], parameters: { level: "plus" } },
      ],
    };
    const parsed = parseExpression(json, contract);
    expect(parsed).toEqual(json);
    json.args.pop();
    expect(JSON.stringify(parsed)).toContain("countOf");
  });

  it("takes any label for a column without known levels", () => {
    const json = { op: "equals", args: [{ op: "column", name: "area" }], parameters: { level: "anything" } };
    expect(parseExpression(json, contract)).toEqual(json);
  });

  it.each<[string, unknown, string, RegExp]>([
    ["not an object", 7, "derive.x", /must be an object/],
    ["null", null, "derive.x", /must be an object/],
    ["no operator", {}, "derive.x.op", /must be a text/],
    ["an unknown operator", { op: "eval", args: [] }, "derive.x.op", /must be the name of an operator, not "eval"/],
    ["an inherited name", { op: "toString", args: [] }, "derive.x.op", /the name of an operator/],
    ["an unknown field", { op: "negate", args: [tenure], code: "1" }, "derive.x", /"code"/],
    ["a column with arguments", { op: "column", name: "tenure", args: [] }, "derive.x", /"args"/],
    [
      "an unknown column",
      { op: "negate", args: [{ op: "column", name: "tenur" }] },
      "derive.x.args[0]",
      /Did you mean "tenure"/,
    ],
    [
      "the target",
      { op: "equals", args: [{ op: "column", name: "churn" }], parameters: { level: "yes" } },
      "derive.x.args[0]",
      /target/,
    ],
    ["an id", { op: "negate", args: [{ op: "column", name: "customer" }] }, "derive.x.args[0]", /is an id/],
    [
      "a category as a number",
      { op: "ratio", args: [tenure, plan] },
      "derive.x.args[1]",
      /column "plan" is a category, and ratio takes a number or boolean/,
    ],
    ["a date as a number", { op: "negate", args: [{ op: "column", name: "signup" }] }, "derive.x.args[0]", /is a date/],
    [
      "a text as a label",
      { op: "equals", args: [{ op: "column", name: "note" }], parameters: { level: "a" } },
      "derive.x.args[0]",
      /is a text/,
    ],
    ["too few arguments", { op: "ratio", args: [tenure] }, "derive.x", /takes 2 arguments, not 1/],
    ["too many arguments", { op: "negate", args: [tenure, tenure] }, "derive.x", /takes 1 arguments, not 2/],
    ["too few of several", { op: "sum", args: [tenure] }, "derive.x", /at least 2/],
    [
      "a level that is not known",
      { op: "equals", args: [plan], parameters: { level: "gold" } },
      "derive.x.parameters.level",
      /no level "gold"; it has "basic", "plus"/,
    ],
    [
      "a level of a boolean",
      { op: "equals", args: [{ op: "column", name: "flag" }], parameters: { level: "yes" } },
      "derive.x.parameters.level",
      /"true", "false"/,
    ],
    [
      "a parameter that is missing",
      { op: "clip", args: [tenure], parameters: { low: 1 } },
      "derive.x.parameters.high",
      /finite number/,
    ],
    [
      "a parameter nobody asked for",
      { op: "negate", args: [tenure], parameters: { low: 1 } },
      "derive.x.parameters",
      /"low"/,
    ],
    [
      "clip upside down",
      { op: "clip", args: [tenure], parameters: { low: 2, high: 1 } },
      "derive.x.parameters",
      /above high/,
    ],
    [
      "edges that fall",
      { op: "bucket", args: [tenure], parameters: { edges: [2, 1] } },
      "derive.x.parameters.edges",
      /increasing/,
    ],
    [
      "a day that is not",
      { op: "daysSince", args: [{ op: "column", name: "signup" }], parameters: { day: "2024-02-30" } },
      "derive.x.parameters.day",
      /ISO 8601/,
    ],
    [
      "a period that is not",
      { op: "seasonSine", args: [{ op: "column", name: "signup" }], parameters: { period: "toString" } },
      "derive.x.parameters.period",
      /year, week/,
    ],
    [
      "cross without known levels",
      { op: "cross", args: [plan, { op: "column", name: "area" }] },
      "derive.x",
      /levels are known/,
    ],
    [
      "a number that is none",
      { op: "constant", args: [], parameters: { value: "1" } },
      "derive.x.parameters.value",
      /finite number/,
    ],
    ["nesting without end", nested(40), `derive.x${".args[0]".repeat(33)}`, /deeper than 32/],
    [
      "too many nodes",
      { op: "sum", args: Array.from({ length: 6 }, () => ({ op: "sum", args: Array<unknown>(200).fill(tenure) })) },
      "derive.x.args[4].args[194]",
      /larger than 1000/,
    ],
    [
      "a long list",
      { op: "bucket", args: [tenure], parameters: { edges: [...Array(2000).keys()] } },
      "derive.x.parameters.edges",
      /list/,
    ],
    ["a long name", { op: "column", name: "x".repeat(5000) }, "derive.x.name", /at most 1000/],
    [
      "prototype",
      JSON.parse('{"op":"negate","args":[{"op":"column","name":"__proto__"}]}'),
      "derive.x.args[0]",
      /no column/,
    ],
  ])("refuses %s", (_, json, path, message) => {
    expect(problem(json)).toEqual({
      code: "FEATURES_INVALID",
      path,
      message: expect.stringMatching(message) as string,
    });
  });
});
