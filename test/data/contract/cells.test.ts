import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellReader, isIssue, type Cell } from "../../../src/data/contract/cells.js";
import { formatDate, parseIsoDate } from "../../../src/data/contract/cells/date.js";
import type { Column } from "../../../src/data/contract/contract.js";
import { qualityRules } from "../../../src/data/contract/rules.js";

const base = { name: "x", role: "feature", nullable: false, optional: false, missing: [] } as const;
const number: Column = { ...base, kind: "number", integer: false };
const whole: Column = { ...base, kind: "number", integer: true };
const boolean: Column = {
  ...base,
  kind: "boolean",
  truthy: ["true", "1", "Yes"],
  falsy: ["false", "0"],
  caseSensitive: false,
};
const day: Column = { ...base, kind: "date", precision: "date" };
const instant: Column = { ...base, kind: "date", precision: "datetime" };
const closed: Column = {
  ...base,
  kind: "category",
  levels: ["Month-to-month", "One year", "Two year", "1"],
  open: false,
};
const open: Column = { ...closed, open: true };
const text: Column = { ...base, kind: "text", maxLength: 10 };

/** The rule a cell was refused by, or the cell. */
const shown = (cell: Cell): unknown => (isIssue(cell) ? `!${cell.rule}` : cell);
const fromText = (column: Column, value: string): unknown => shown(cellReader(column).fromText(value));
const fromJson = (column: Column, value: unknown): unknown => shown(cellReader(column).fromJson(value));
const message = (column: Column, value: string): string => {
  const cell = cellReader(column).fromText(value);
  return isIssue(cell) ? cell.message : "";
};

describe("numbers", () => {
  it.each([
    ["12", 12],
    ["-12.5", -12.5],
    ["+3", 3],
    ["3e4", 3e4],
    ["3E-2", 0.03],
    [".5", 0.5],
    ["5.", 5],
    ["007", 7],
    ["-0", 0],
  ])("reads %s", (input, value) => {
    expect(fromText(number, input)).toBe(value);
  });

  it.each([
    "1,234",
    "12abc",
    "1e999",
    "0x10",
    "0b1",
    "Infinity",
    "-inf",
    "NaN",
    "1 2",
    "1_000",
    "--1",
    "1e",
    "e5",
    ".",
    "+",
    "12%",
    "$5",
    "٣",
    "1".repeat(500),
  ])("refuses %s", (input) => {
    expect(fromText(number, input)).toBe("!number");
  });

  it("says how to write a number instead", () => {
    expect(message(number, "1,234,567.5")).toContain("remove the thousands separator (1234567.5)");
    expect(message(number, "12,5")).toContain("decimal point instead of the comma");
    expect(message(number, "12%")).toContain("remove the percent sign");
    expect(message(number, "1e999")).toContain("too large");
    expect(message(number, "unknown")).toContain("missing markers");
    expect(message(number, "12abc")).toBe('Column "x": "12abc" is not a number.');
  });

  it("keeps every finite number exactly, as text and as JSON", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const plain = value + 0;
        return Object.is(fromText(number, String(value)), plain) && Object.is(fromJson(number, value), plain);
      }),
    );
  });

  it("never turns a text that JSON would not read as a number into one", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789+-.eE,xX_ aIn"), maxLength: 8 }), (input) => {
        const cell = cellReader({ ...number, nullable: true }).fromText(input.trim());
        return typeof cell !== "number" || Number.isNaN(cell) || Number(input.trim()) === cell;
      }),
    );
  });

  it("checks whole numbers, limits and steps", () => {
    expect(fromText(whole, "3.0")).toBe(3);
    expect(fromText(whole, "3.5")).toBe("!integer");
    expect(fromText(whole, "9007199254740993")).toBe("!integer");
    const limited: Column = { ...number, min: 0, max: 10, exclusiveMin: 0, multipleOf: 0.01 };
    expect(fromText(limited, "0")).toBe("!range");
    expect(fromText(limited, "10.01")).toBe("!range");
    expect(fromText(limited, "0.29")).toBe(0.29);
    expect(fromText(limited, "0.295")).toBe("!multipleOf");
    expect(message({ ...number, max: 72 }, "100")).toBe('Column "x": "100" is above the maximum 72.');
  });

  it("takes JSON numbers and texts of numbers, nothing else", () => {
    expect(fromJson(number, 3)).toBe(3);
    expect(fromJson(number, " 3 ")).toBe(3);
    expect(fromJson(number, 3n)).toBe(3);
    expect(fromJson(number, 2n ** 60n)).toBe("!number");
    expect(fromJson(number, NaN)).toBe("!number");
    for (const value of [true, [], [3], {}, () => 3, Symbol("3"), new Date()])
      expect(fromJson(number, value)).toBe("!type");
  });
});

describe("dates", () => {
  it.each([
    ["2024-02-29", Date.UTC(2024, 1, 29)],
    ["2024-01-02T03:04:05Z", Date.UTC(2024, 0, 2, 3, 4, 5)],
    ["2024-01-02 03:04:05.678", Date.UTC(2024, 0, 2, 3, 4, 5, 678)],
    ["2024-01-02T03:04:05.678912Z", Date.UTC(2024, 0, 2, 3, 4, 5, 678)],
    ["2024-01-02T03:04+02:00", Date.UTC(2024, 0, 2, 1, 4)],
    ["2024-01-02T03:04-0530", Date.UTC(2024, 0, 2, 8, 34)],
    ["0001-01-01", Date.parse("0001-01-01T00:00:00Z")],
  ])("reads %s", (input, value) => {
    expect(fromText(instant, input)).toBe(value);
  });

  it.each([
    "2023-02-29",
    "1900-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-04-31",
    "2024-01-02T24:00",
    "2024-01-02T03:60",
    "01/02/2024",
    "2024-1-2",
    "20240102",
    "2024-01-02T",
    "2024-01-02T03:04+25:00",
    "yesterday",
    "1704067200000",
    "9999-12-31T23:00-05:00",
  ])("refuses %s", (input) => {
    expect(fromText(instant, input)).toBe("!date");
  });

  it("agrees with Date on every instant, and reads what it writes", () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date("0000-01-01T00:00:00Z"),
          max: new Date("9999-12-31T23:59:59.999Z"),
          noInvalidDate: true,
        }),
        (date) => {
          return (
            parseIsoDate(date.toISOString()) === date.getTime() &&
            parseIsoDate(formatDate(date.getTime(), "datetime")) === date.getTime()
          );
        },
      ),
    );
  });

  it("forgets the time of a day column, checks limits, takes Date objects", () => {
    const noon = Date.UTC(2024, 0, 2, 12);
    expect(fromText(day, "2024-01-02T12:00Z")).toBe(Date.UTC(2024, 0, 2));
    expect(fromJson(instant, new Date(noon))).toBe(noon);
    expect(fromJson(day, new Date(noon))).toBe(Date.UTC(2024, 0, 2));
    expect(fromJson(day, new Date(NaN))).toBe("!date");
    expect(fromJson(day, noon)).toBe("!type");
    expect(fromText({ ...day, min: Date.UTC(2024, 0, 3) }, "2024-01-02")).toBe("!range");
    expect(message({ ...day, max: Date.UTC(2024, 0, 1) }, "2024-01-02")).toContain("after the latest date 2024-01-01");
  });
});

describe("labels", () => {
  it("reads booleans by their texts, without regard to case unless told", () => {
    expect([fromText(boolean, "TRUE"), fromText(boolean, "yes"), fromText(boolean, "0")]).toEqual([1, 1, 0]);
    expect(fromText({ ...boolean, caseSensitive: true }, "yes")).toBe("!boolean");
    expect(fromText(boolean, "no")).toBe("!boolean");
    expect([fromJson(boolean, true), fromJson(boolean, false), fromJson(boolean, 1), fromJson(boolean, 0)]).toEqual([
      1, 0, 1, 0,
    ]);
    expect(fromJson(boolean, 2)).toBe("!boolean");
    expect(fromJson(boolean, {})).toBe("!type");
  });

  it("refuses a label that is no level of a closed category and says which was meant", () => {
    expect(fromText(closed, "One year")).toBe("One year");
    expect(fromText(open, "Three year")).toBe("Three year");
    expect(fromText(closed, "Three year")).toBe("!level");
    expect(message(closed, "one  year")).toContain('perhaps you meant "One year"');
    expect(message(closed, "Weekly")).toBe(
      'Column "x": "Weekly" is not a level; allowed are "Month-to-month", "One year", "Two year", "1".',
    );
    const many: Column = { ...closed, levels: Array.from({ length: 500 }, (_, i) => `level ${i}`) };
    expect(message(many, "zzz")).toContain("and 492 more");
  });

  it("takes JSON scalars for their own text", () => {
    expect(fromJson(closed, 1)).toBe("1");
    expect(fromJson(closed, 2)).toBe("!level");
    expect(fromJson(open, true)).toBe("true");
    expect(fromJson(text, 12)).toBe("12");
    expect(fromJson(open, NaN)).toBe("!type");
    expect(fromJson(open, ["One year"])).toBe("!type");
  });

  it("limits lengths", () => {
    expect(fromText(text, "x".repeat(11))).toBe("!length");
    expect(fromText(open, "x".repeat(2000))).toBe("!length");
    expect(fromText({ ...base, kind: "text" }, "x".repeat(100_001))).toBe("!length");
    const cell = cellReader(closed).fromText("x".repeat(500));
    expect(isIssue(cell) && cell.value.length).toBe(80);
  });
});

describe("missing values", () => {
  const columns: Column[] = [number, boolean, day, closed, text];

  it.each(columns)("are NaN or null where a $kind column allows them", (column) => {
    const missing = column.kind === "category" || column.kind === "text" ? null : NaN;
    const reader = cellReader({ ...column, nullable: true, missing: ["NA"] });
    for (const cell of [
      reader.fromText(""),
      reader.fromText("NA"),
      reader.fromJson(null),
      reader.fromJson(undefined),
      reader.fromJson(" NA "),
    ]) {
      expect(cell).toEqual(missing);
    }
    expect(cellReader({ ...column, optional: true }).fromText("")).toEqual(missing);
    expect(fromText(column, "")).toBe("!missing");
    expect(fromJson(column, null)).toBe("!missing");
  });

  it("become the default", () => {
    expect(fromText({ ...number, default: 7 }, "")).toBe(7);
    expect(fromJson({ ...boolean, default: true }, null)).toBe(1);
    expect(fromJson({ ...day, default: "2024-01-01" }, undefined)).toBe(Date.UTC(2024, 0, 1));
    expect(fromText({ ...closed, default: "One year", missing: ["?"] }, "?")).toBe("One year");
  });
});

it("reads a text in a file and in JSON the same way, and only refuses by known rules", () => {
  const columns: Column[] = [number, whole, boolean, day, instant, closed, open, text];
  fc.assert(
    fc.property(
      fc.constantFrom(...columns),
      fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("1", "true", "2024-01-01", "One year", "1.5")),
      (column, input) => {
        const reader = cellReader(column);
        const cell = reader.fromText(input.trim());
        expect(reader.fromJson(input)).toEqual(cell);
        if (isIssue(cell)) expect(Object.keys(qualityRules)).toContain(cell.rule);
      },
    ),
  );
});

it("takes any JSON value without throwing, and holds only what its storage can", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(number, boolean, day, closed, text),
      fc.anything({ withBigInt: true, withDate: true }),
      (column, value) => {
        const cell = cellReader(column).fromJson(value);
        const coded = column.kind === "category" || column.kind === "text";
        if (!isIssue(cell)) expect(typeof cell).toBe(coded ? "string" : "number");
      },
    ),
  );
});
