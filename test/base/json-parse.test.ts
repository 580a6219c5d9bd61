import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonRefused, mostJsonDepth, parseJson } from "../../src/base/json/parse.js";
import { budget } from "../helpers/budget.js";

const nested = (depth: number, inner = "1"): string => "[".repeat(depth) + inner + "]".repeat(depth);

describe("parseJson", () => {
  it("gives what JSON.parse gives", () => {
    const keys = fc.string().filter((key) => key !== "__proto__");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.string(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree")),
        fc.dictionary(keys, tie("tree")),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: budget(200) },
    );
  });

  it("refuses what nests deeper than its limit, wherever it is, and only that", () => {
    expect(() => parseJson(nested(mostJsonDepth))).not.toThrow();
    for (const text of [
      nested(mostJsonDepth + 1),
      nested(100_000),
      `{"a":`.repeat(5000) + "1" + "}".repeat(5000),
      `{"\\"": ${nested(300)}}`,
    ]) {
      expect(() => parseJson(text)).toThrow(JsonRefused);
    }
    // Brackets in a text are no nesting; a backslash before its end may be escaped itself.
    expect(parseJson(JSON.stringify({ a: `${"[{".repeat(1000)}"\\`, b: "\\\\" }))).toEqual({
      a: `${"[{".repeat(1000)}"\\`,
      b: "\\\\",
    });
  });

  it("refuses a member named __proto__, also written with escapes", () => {
    for (const text of ['{"__proto__":{"a":1}}', '[{"\\u005f_proto__":1}]', '{"a":{"b":[{"__proto__":1}]}}'])
      expect(() => parseJson(text)).toThrow(JsonRefused);
    expect(parseJson('{"a":"__proto__"}')).toEqual({ a: "__proto__" });
  });

  it("throws nothing but syntax errors at any text", () => {
    const piece = fc.constantFrom(
      "[",
      "]",
      "{",
      "}",
      '"',
      "\\",
      ",",
      ":",
      "1",
      "-",
      "e9",
      "null",
      " ",
      "a",
      "__proto__",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          parseJson(pieces.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
      { numRuns: budget(500) },
    );
  });
});
