import { describe, expect, it } from "vitest";
import { hashTable } from "../../../src/data/table/hash-table.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import { syntheticContract, syntheticCustomers } from "../../../src/data/synthetic.js";
import { tableFromBytes, tableToBytes } from "../../../src/data/table/table-bytes.js";
import { takeRows } from "../../../src/data/table/take-rows.js";

const records: object[] = [...syntheticCustomers({ rows: 60, seed: 3 }).records];
records.splice(7, 0, { tenureMonths: "many" });
const table = tableFromRecords(syntheticContract, records);

describe("a table as bytes", () => {
  it("comes back as it was, with what was set aside", async () => {
    expect(table.rejected).toHaveLength(1);
    const part = takeRows(table, [3, 8, 40]);
    for (const each of [table, part, takeRows(table, [])]) {
      const back = tableFromBytes(tableToBytes(each));
      expect(back).toEqual(each);
      expect(await hashTable(back)).toBe(await hashTable(each));
    }
  });

  it("comes back from a Buffer too, as files are read (its slice is no copy)", () => {
    expect(tableFromBytes(Buffer.from(tableToBytes(table)))).toEqual(table);
  });

  it("is refused where it was cut short, lengthened or changed in its header", () => {
    const bytes = tableToBytes(table);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    const text = new TextDecoder("latin1").decode(bytes);
    const renamed = Uint8Array.from(
      text.replace('{"name":"customerId","storage":"coded"', '{"name":"customerIx","storage":"coded"'),
      (c) => c.charCodeAt(0),
    );
    for (const wrong of [bytes.subarray(0, 10), bytes.subarray(0, -1), longer, new Uint8Array(), renamed])
      expect(() => tableFromBytes(wrong)).toThrowError(expect.objectContaining({ code: "INPUT_MALFORMED" }));
  });

  it("is refused where a code is none of the levels", () => {
    const bytes = tableToBytes(takeRows(table, [0]));
    bytes.fill(0x7f, bytes.length - 4);
    expect(() => tableFromBytes(bytes)).toThrowError(/not a level of the column/);
  });
});
