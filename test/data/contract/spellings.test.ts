import { describe, expect, it } from "vitest";
import { readJsonLines } from "../../../src/data/read/json-lines.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import { keyWarnings } from "../../../src/model/scoring/key-warnings.js";
import type { ServedModel } from "../../../src/serving/models/models.js";
import { predictionsOf } from "../../../src/serving/scored-predictions.js";
import { contractWith, encode, numberColumn, textColumn } from "../read/csv-writer.js";
import { request } from "../../serving/request.js";

const id = "numéro";
const name = "année é";

describe.each([
  ["NFC", "NFD"],
  ["NFD", "NFC"],
] as const)("names declared in %s, keys in %s", (declared, written) => {
  const contract = contractWith([
    textColumn(id.normalize(declared), { role: "id" }),
    numberColumn(name.normalize(declared)),
    textColumn("e"),
  ]);
  const record = { [id.normalize(written)]: 9007199254740993n, [name.normalize(written)]: 5, e: "x" };
  const line = JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? 17 : value)).replace(
    "17",
    "9007199254740993",
  );
  const expected = { [id.normalize(declared)]: "9007199254740993", [name.normalize(declared)]: 5, e: "x" };

  it("are the same columns in JSON lines and arrays, ids exact", async () => {
    for (const text of [`${line}\n`, `[${line}]`]) {
      const table = await readJsonLines(contract, encode(text));
      expect(table.extraColumns).toEqual([]);
      expect({ ...recordOf(table, 0) }).toEqual(expected);
    }
  });

  it("are the same columns in records, of which nothing is unknown or absent", () => {
    const plain = { ...record, [id.normalize(written)]: "9007199254740993" };
    const table = tableFromRecords(contract, [plain], { absent: "error" });
    expect({ ...recordOf(table, 0) }).toEqual(expected);
    expect(table.extraColumns).toEqual([]);
    const warnings = keyWarnings(contract);
    expect([warnings.unknown(plain), warnings.absent(plain)]).toEqual([{ meant: [], others: [] }, []]);
  });

  it("name the customer of a watched request", () => {
    const records = [{ [id.normalize(written)]: "c7" }];
    const model = { version: "1" } as ServedModel;
    const context = {
      request: request("/predict"),
      bytes: 0,
      exactRecords: () => records,
      model,
      predictionId: String,
    };
    const results = [{ probability: 0.5, label: "Yes", issues: [] }];
    expect(predictionsOf({ records, results, context, at: 0 }, contract)[0]?.id).toBe("c7");
  });
});

it("a key that is a column's own name is that column, whatever the spelling", () => {
  const contract = contractWith(["NFC", "NFD"].map((form) => numberColumn(name.normalize(form))));
  const table = tableFromRecords(contract, [{ [name.normalize("NFC")]: 1, [name.normalize("NFD")]: 2 }]);
  expect(Object.values(recordOf(table, 0))).toEqual([1, 2]);
});
