import { describe, expect, it } from "vitest";
import {
  count,
  counts,
  formerly,
  increasing,
  list,
  literal,
  nullable,
  number,
  numbers,
  object,
  oneOf,
  optional,
  orEmpty,
  record,
  strictObject,
  text,
  texts,
  variants,
  version,
  withDefault,
  type Decoder,
} from "../../src/base/json/decode.js";
import { documentError, JsonValue } from "../../src/base/json/value.js";

const error = documentError("INPUT_MALFORMED", "", "Write it again.");
const decode = <T>(decoder: Decoder<T>, json: unknown): T => decoder(JsonValue.of(json, "The test", error));

describe("decoders", () => {
  it.each<[Decoder<unknown>, unknown, string]>([
    [text(2), 1, "$ must be a text, not 1"],
    [text(2), "abc", '$ must be a text of at most 2 characters, not "abc"'],
    [number(0, 1), NaN, "$ must be a finite number from 0 to 1"],
    [count(1), 0, "$ must be a whole number of at least 1, not 0"],
    [count(), 2 ** 53, "$ must be a whole number"],
    [literal("a"), "b", '$ must be "a", not "b"'],
    [version(1), 2, "$ must be 1; another version"],
    [oneOf(["a", "b"]), "toString", '$ must be one of a, b, not "toString"'],
    [list(text(), 1), ["a", "b"], "$ must be a list of at most 1 items, not a list of 2 items"],
    [list(text()), { length: 1 }, "$ must be a list, not an object"],
    [numbers(), [1, "2"], '$[1] must be a finite number, not "2"'],
    [numbers(), new Array(1), "$[0] is missing; it must be a finite number"],
    [texts(9, 1), ["a", "bc"], "$[1] must be a text of at most 1 characters"],
    [counts(2), [1], "$ must be a list of 2 counts"],
    [counts(2), [1, -1], "$[1] must be a whole number"],
    [increasing(numbers()), [1, 1], "$[1] must be a number larger than the one before"],
    [record(count(), 1), { a: 1, b: 2 }, "$ must be an object of at most 1 members"],
    [
      object({ a: object({ b: list(count()) }) }),
      { a: { b: [0, "x"] } },
      '$.a.b[1] must be a whole number of at least 0, not "x"',
    ],
    [object({ a: text() }), Object.create({ a: "inherited" }), "$.a is missing; it must be a text"],
    [strictObject({ a: text() }), { a: "a", b: 1 }, '$ has an unknown member "b"'],
    [variants("kind", { a: object({ kind: literal("a") }) }), { kind: "constructor" }, "$.kind must be one of a"],
  ])("refuse %#", (decoder, json, problem) => {
    expect(() => decode(decoder, json)).toThrow(`The test is malformed: ${problem}`);
  });

  it("leave out what is absent, and pass over what is unknown", () => {
    const decoder = object({
      a: optional(text()),
      b: nullable(text()),
      c: withDefault(count(), 3),
      d: orEmpty(object({ e: withDefault(count(), 4) })),
    });
    expect(decode(decoder, { unknown: 1 })).toEqual({ b: null, c: 3, d: { e: 4 } });
    expect(Object.keys(decode(decoder, {}))).not.toContain("a");
    expect(() => decode(decoder, { a: null })).toThrow("$.a must be a text, not null");
  });

  it("read a member under its former name, and prefer the present one", () => {
    const decoder = object({ color: formerly("colour", text()) });
    expect([decode(decoder, { colour: "red" }), decode(decoder, { color: "blue", colour: "red" })]).toEqual([
      { color: "red" },
      { color: "blue" },
    ]);
    expect(() => decode(decoder, {})).toThrow("is missing");
  });

  it("keep nothing of the document, and no prototype of a hostile one", () => {
    const hostile = JSON.parse('{"__proto__":1,"constructor":2}') as object;
    const read = decode(record(count()), hostile);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.entries(read)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
    const items = [1, 2];
    expect(decode(numbers(), items)).not.toBe(items);
  });
});
