import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePlainDecimal } from "../../../src/data/read/decimal.js";
import { encode } from "./csv-writer.js";
import { budget } from "../../helpers/budget.js";

const parse = (text: string): number => {
  const bytes = encode(`#${text}#`);
  return parsePlainDecimal(bytes, 1, bytes.length - 1);
};

const digits = (from: number, to: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: from, maxLength: to });

describe("parsePlainDecimal", () => {
  it("equals Number() bit for bit, or leaves the text to the parser", () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.constantFrom("", "-"),
        digits(0, 12),
        fc.constantFrom("", "."),
        digits(0, 12),
        (sign, whole, point, part) => {
          const text = sign + whole + point + part;
          const value = parse(text);
          const count = whole.length + part.length;
          if (count === 0 || count > 15) expect(value).toBeNaN();
          else {
            read++;
            expect(Object.is(value, Number(text) + 0)).toBe(true);
          }
        },
      ),
      { numRuns: budget(20_000) },
    );
    expect(read).toBeGreaterThan(5000);
  });

  it.each([
    "",
    "-",
    ".",
    "-.",
    "+1",
    "1e5",
    "12abc",
    "1,234",
    "1.2.3",
    "0x10",
    "NaN",
    "Infinity",
    " 1",
    "1 ",
    "--1",
    "é",
  ])("leaves %j to the parser", (text) => expect(parse(text)).toBeNaN());
});
