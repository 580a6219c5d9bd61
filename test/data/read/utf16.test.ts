import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readDelimited } from "../../../src/data/read/csv.js";
import { inferDelimited } from "../../../src/data/read/infer-source.js";
import { readJsonLines } from "../../../src/data/read/json-lines.js";
import { hashTable } from "../../../src/data/table/hash-table.js";
import { chunked, contractWith, encode, numberColumn, textColumn } from "./csv-writer.js";

const contract = contractWith([textColumn("naïve 𝛼"), numberColumn("n")]);
// Two bytes, three and a pair in UTF-16; longer than what is looked at first.
const rows = Array.from({ length: 9000 }, (_, i) => [`é€𝛼 ${i}`, i] as const);
const csv = `naïve 𝛼\tn\r\n${rows.map(([text, n]) => `${text}\t${n}\r\n`).join("")}`;
const json = JSON.stringify(rows.map(([text, n]) => ({ "naïve 𝛼": text, n })));

const littleEndian = (text: string): Uint8Array => Buffer.from(`\uFEFF${text}`, "utf16le");
const bigEndian = (text: string): Uint8Array => Buffer.from(littleEndian(text)).swap16();

describe.each([
  ["little endian", littleEndian],
  ["big endian", bigEndian],
  ["little endian, gzipped", (text: string) => gzipSync(littleEndian(text))],
])("UTF-16, %s, with a byte order mark", (_, write) => {
  it("is read as UTF-8 is, in pieces of any size", async () => {
    const expected = await hashTable(await readDelimited(contract, encode(csv)));
    for (const sizes of [[1e9], [1001]])
      expect(await hashTable(await readDelimited(contract, chunked(write(csv), sizes)))).toBe(expected);
    expect(await hashTable(await readJsonLines(contract, chunked(write(json), [777])))).toBe(expected);
    const inferred = await inferDelimited(write(csv));
    expect(inferred.contract.columns).toEqual((await inferDelimited(encode(csv))).contract.columns);
  });
});

it("a short UTF-16 file is read whatever its pieces", async () => {
  const table = await readDelimited(contract, chunked(littleEndian("naïve 𝛼,n\nä,1\n"), [1]));
  expect(await hashTable(table)).toBe(await hashTable(await readDelimited(contract, encode("naïve 𝛼,n\nä,1\n"))));
});
