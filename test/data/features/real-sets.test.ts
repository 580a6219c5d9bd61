import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rankAuc } from "../../../src/stats/ranks/auc.js";
import { compileRecipe } from "../../../src/data/features/encode.js";
import { defineFeatures } from "../../../src/data/features/define.js";
import { fitRecipe } from "../../../src/data/features/fit/fit-recipe.js";
import { targetClasses } from "../../../src/data/features/fit/fit-values.js";
import { parseRecipe } from "../../../src/data/features/parse-recipe.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import { fitLogistic } from "../../../src/model/kinds/linear/fit-logistic.js";
import { hasShared, sharedPath } from "../../helpers/shared.js";
import { sharedTable } from "./tables.js";

const sets = [
  { name: "telco-churn", file: "telco-churn.csv", target: "Churn", positive: "Yes", ids: ["customerID"], auc: 0.84 },
  {
    name: "bank-churn",
    file: "bank-churn.csv",
    target: "Exited",
    positive: "1",
    ids: ["RowNumber", "CustomerId", "Surname"],
    auc: 0.82,
  },
];

/** Test AUC of logistic regression on the given split: what the encoding alone makes possible. */
describe.skipIf(!hasShared)("real data", () => {
  it.each(sets)(
    "$name: logistic regression reaches $auc on the encoded columns",
    ({ name, file, target, positive, ids, auc }) => {
      const table = sharedTable(file, target, positive, ids);
      const [test = []] = JSON.parse(readFileSync(sharedPath(`data/splits/${name}.json`), "utf8")) as number[][];
      const held = new Set(test);
      const training = takeRows(
        table,
        Array.from({ length: table.rows }, (_, i) => i).filter((row) => !held.has(row)),
      );
      const { recipe, matrix, encoder } = fitRecipe(defineFeatures(table.contract), training, { seed: 0 });
      const model = fitLogistic(
        matrix,
        training.rows,
        encoder.width,
        targetClasses(training)?.[0]?.labels ?? new Uint8Array(),
      );
      const copy = compileRecipe(parseRecipe(JSON.parse(JSON.stringify(recipe))), table.contract);
      const encoded = copy.encode(takeRows(table, test));
      const scores = Float64Array.from(test, (_, row) =>
        model.weights.reduce((sum, weight, j) => sum + weight * (encoded[row * copy.width + j] ?? NaN), model.bias),
      );
      expect(rankAuc(targetClasses(takeRows(table, test))?.[0]?.labels ?? new Uint8Array(), scores)).toBeGreaterThan(
        auc,
      );
    },
  );

  it("telco-churn: says what repeats InternetService and PhoneService", () => {
    const table = sharedTable("telco-churn.csv", "Churn", "Yes", ["customerID"]);
    const { notes, encoder } = fitRecipe(defineFeatures(table.contract), table, { seed: 0 });
    expect(notes).toHaveLength(7);
    expect(encoder.names).toContain("Contract=Two year");
    expect(encoder.names).toContain("TotalCharges (missing)");
    expect(encoder.names).toContain("tenure=1");
    expect(encoder.names.some((name) => name.includes("customerID"))).toBe(false);
  });

  it("cell2cell: 750 service areas become two columns", () => {
    const table = sharedTable("cell2cell.csv.gz", "Churn", "Yes", ["CustomerID"]);
    const { encoder } = fitRecipe(defineFeatures(table.contract), table, { seed: 0 });
    const own = encoder.names.filter((name) => name.startsWith("ServiceArea"));
    expect(own).toEqual(["ServiceArea (target rate)", "ServiceArea (frequency)"]);
    expect(encoder.width).toBeLessThan(400);
  });
});
