import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteDictionary } from "../../../src/data/read/byte-dictionary.js";
import { Chunked } from "../../../src/data/read/chunked.js";
import { decodeText, invalidUtf8 } from "../../../src/data/read/utf8.js";
import { encode } from "./csv-writer.js";
import { budget } from "../../helpers/budget.js";

describe("ByteDictionary", () => {
  it("numbers texts as a Map does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ maxLength: 3 }), fc.string({ maxLength: 40 })), { maxLength: 2000 }),
        (texts) => {
          const dictionary = new ByteDictionary();
          const expected = new Map<string, number>();
          for (const text of texts) {
            if (!expected.has(text)) expected.set(text, expected.size);
            const bytes = encode(`ab${text}cd`);
            expect(dictionary.lookup(bytes, 2, bytes.length - 2)).toBe(expected.get(text));
          }
          expect(dictionary.size).toBe(expected.size);
        },
      ),
      { numRuns: budget(50) },
    );
  });

  it("keeps what it knows and refuses new texts when full", () => {
    const dictionary = new ByteDictionary(1000);
    const bytes = Array.from({ length: 2000 }, (_, i) => encode(`customer-${i}`));
    const numbers = bytes.map((text) => dictionary.lookup(text, 0, text.length));
    expect(numbers).toEqual(bytes.map((_, i) => (i < 1000 ? i : -1)));
    expect(bytes.map((text) => dictionary.lookup(text, 0, text.length))).toEqual(numbers);
  });
});

describe("Chunked", () => {
  it("puts all appended values in one array", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 30 }), (counts) => {
        const column = new Chunked((length) => new Int32Array(length));
        const all: number[] = [];
        for (const count of counts) {
          const values = Int32Array.from({ length: count + 3 }, (_, i) => all.length + i);
          column.append(values, count);
          all.push(...values.subarray(0, count));
        }
        expect([...column.finish()]).toEqual(all);
      }),
      { numRuns: budget(50) },
    );
  });
});

describe("UTF-8", () => {
  const isValid = (bytes: Uint8Array): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  };

  it("agrees with TextDecoder on any bytes", () => {
    const byte = fc.oneof(
      fc.nat(255),
      fc.constantFrom(0xc2, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 6 }), (values) => {
        const bytes = Uint8Array.from(values);
        expect(invalidUtf8(bytes, 0, bytes.length) === -1).toBe(isValid(bytes));
      }),
      { numRuns: budget(20_000) },
    );
  });

  it("finds the first bad byte and decodes what is valid", () => {
    expect(invalidUtf8(Uint8Array.of(97, 0xc3, 0xa9, 0xff), 0, 4)).toBe(3);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        const bytes = encode(text);
        expect(invalidUtf8(bytes, 0, bytes.length)).toBe(-1);
        expect(decodeText(bytes, 0, bytes.length)).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
      }),
    );
  });
});
