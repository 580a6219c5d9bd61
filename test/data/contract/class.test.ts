import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellReader, isIssue } from "../../../src/data/contract/cells.js";
import { inferContract } from "../../../src/data/contract/infer.js";
import { classReader } from "../../../src/data/contract/cells/class.js";
import { budget } from "../../helpers/budget.js";

describe("the labels of a target", () => {
  it.each<[string[], string, string | undefined]>([
    [["False", "True"], "true", "True"],
    [["False", "True"], "FALSE", "False"],
    [["False", "True"], "1", "True"],
    [["0", "1"], "1.0", "1"],
    [["0", "1"], "0.00", "0"],
    [["0", "1"], "yes", "1"],
    [["No", "Yes"], "true", "Yes"],
    [["No", "Yes"], "n", "No"],
    [["No", "Yes"], "Maybe", undefined],
    [["Existing Customer", "Attrited Customer"], "attrited  customer", "Attrited Customer"],
    [["Existing Customer", "Attrited Customer"], "1", undefined],
    [["1", "2"], "true", undefined],
    [["caf\u00e9", "bar"], "cafe\u0301", "caf\u00e9"],
    [["yes", "Yes"], "YES", undefined],
    [["yes", "Yes"], "Yes", "Yes"],
    [["no", "n"], "false", undefined],
    [["No", "Yes", "Pending"], "true", undefined],
  ])("of %j read %j as %j", (classes, label, expected) => {
    expect(classReader(classes)(label)).toBe(expected);
  });

  it("are themselves, whatever they are", () => {
    const labels = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(labels, (classes) => classes.every((label) => classReader(classes)(label) === label)),
      { numRuns: budget(200) },
    );
  });

  it("come to one class from JSON and text, and a label that is not a class is named", () => {
    const target = {
      name: "churn",
      role: "target",
      nullable: false,
      optional: false,
      missing: [],
      kind: "category",
      levels: ["False", "True"],
      open: false,
    } as const;
    const reader = cellReader(target);
    expect([reader.fromJson(true), reader.fromJson(0), reader.fromText("YES"), reader.fromJson("true ")]).toEqual([
      "True",
      "False",
      "True",
      "True",
    ]);
    const cell = reader.fromText("Pending");
    expect(isIssue(cell) && cell.message).toContain('"Pending" is not a level');
    expect(cellReader({ ...target, role: "feature" }).fromText("true")).toMatchObject({ rule: "level" });
  });

  it("were three classes where one file spelled Yes and yes", () => {
    const rows = ["Yes", "yes", "No", "Yes", " no"].map((label, i) => [String(i * 7), label]);
    const { contract } = inferContract(["tenure", "churn"], rows, { target: "churn", positive: "YES" });
    expect(contract.target).toEqual({ column: "churn", classes: ["No", "Yes"], positive: "Yes" });
    expect(inferContract(["tenure", "churn"], rows).candidates).toContain("churn");
  });
});
