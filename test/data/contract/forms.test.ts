import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellReader, isIssue } from "../../../src/data/contract/cells.js";
import { dateFormatProblem, dateFormatReader } from "../../../src/data/contract/cells/date-format.js";
import { formatDate } from "../../../src/data/contract/cells/date.js";
import { describeNumberFormat, formattedNumberReader } from "../../../src/data/contract/cells/number-format.js";
import type { Column, NumberFormat } from "../../../src/data/contract/contract.js";
import { inferContract, type InferenceOptions } from "../../../src/data/contract/infer.js";
import type { Finding } from "../../../src/data/contract/rules.js";
import { inferDelimited, inferJsonLines } from "../../../src/data/read/infer-source.js";
import { readDelimited } from "../../../src/data/read/csv.js";
import { readJsonLines } from "../../../src/data/read/json-lines.js";
import { rowBuffer } from "../../../src/data/table/row-buffer.js";
import { csvLine } from "../../../src/data/table/csv-line.js";
import { budget } from "../../helpers/budget.js";

interface Inferred {
  readonly column: Column;
  readonly findings: readonly Finding[];
  readonly values: number[];
}

/** Infers one column and reads its cells by it; NaN is missing, and no cell may be refused. */
function infer(cells: readonly string[], options: InferenceOptions = {}): Inferred {
  const { contract, findings } = inferContract(
    ["spend"],
    cells.map((cell) => [cell]),
    options,
  );
  const [column] = contract.columns;
  if (column === undefined) throw new Error("no column");
  const reader = cellReader(column);
  const values = cells.map((cell) => {
    const read = reader.fromText(cell.trim());
    if (isIssue(read)) throw new Error(read.message);
    return typeof read === "number" ? read : NaN;
  });
  return { column, findings, values };
}

const said = ({ findings }: Inferred): string =>
  findings.map(({ severity, message }) => `${severity}: ${message}`).join("\n");
const wholes = Array.from({ length: 120 }, (_, i) => (i * 37) % 101);
const days = Array.from({ length: 120 }, (_, i) => Date.UTC(2021, 0, 1 + i * 11));

function grouped(value: number, decimal: string, grouping: string, digits: number): string {
  const [whole = "", fraction] = Math.abs(value).toFixed(digits).split(".");
  const marked = whole.replace(/\B(?=(\d{3})+$)/g, grouping);
  return `${value < 0 ? "-" : ""}${marked}${fraction === undefined ? "" : decimal + fraction}`;
}

describe("a column of numbers in another form is one of the same numbers", () => {
  const ten = (value: number): number => value / 10;
  it.each<[string, (value: number) => string, (value: number) => number, NumberFormat | undefined]>([
    ["45%", (v) => `${v}%`, (v) => v, { decimal: ".", suffix: "%" }],
    ["12,5 %", (v) => `${v},5 %`, (v) => v + 0.5, { decimal: ",", suffix: "%" }],
    ["12.5%", (v) => `${v}.5%`, (v) => v + 0.5, { decimal: ".", suffix: "%" }],
    ["$45", (v) => `$${v}`, (v) => v, { decimal: ".", prefix: "$" }],
    ["-$45", (v) => `-$${v}`, (v) => -v, { decimal: ".", prefix: "$" }],
    ["$-45", (v) => `$-${v}`, (v) => -v, { decimal: ".", prefix: "$" }],
    [
      "$ 1,234.50",
      (v) => `$ ${grouped(v * 97, ".", ",", 2)}`,
      (v) => v * 97,
      { decimal: ".", grouping: ",", prefix: "$" },
    ],
    [
      "€ 1.234,50",
      (v) => `€ ${grouped(v * 97, ",", ".", 2)}`,
      (v) => v * 97,
      { decimal: ",", grouping: ".", prefix: "€" },
    ],
    [
      "1 234,50 €, narrow blanks",
      (v) => `${grouped(v * 97, ",", "\u202f", 2)}\u00a0€`,
      (v) => v * 97,
      { decimal: ",", grouping: " ", suffix: "€" },
    ],
    [
      "1’234.50 CHF",
      (v) => `CHF ${grouped(v * 97, ".", "’", 2)}`,
      (v) => v * 97,
      { decimal: ".", grouping: "'", prefix: "CHF" },
    ],
    ["1.234.567", (v) => grouped(v * 54_321, ",", ".", 0), (v) => v * 54_321, { decimal: ",", grouping: "." }],
    [
      "12,34,567",
      (v) => (v < 12 ? String(v) : `12,34,${500 + v}`),
      (v) => (v < 12 ? v : 1_234_500 + v),
      { decimal: ".", grouping: "," },
    ],
    ["40,5", (v) => `${v},5`, (v) => v + 0.5, { decimal: "," }],
    ["45 GB", (v) => `${v} GB`, (v) => v, { decimal: ".", suffix: "GB" }],
    ["45GB", (v) => `${v}GB`, (v) => v, { decimal: ".", suffix: "GB" }],
    ["45 km/h", (v) => `${v} km/h`, (v) => v, { decimal: ".", suffix: "km/h" }],
    ["45 m²", (v) => `${v} m²`, (v) => v, { decimal: ".", suffix: "m²" }],
    [
      "(12.50)",
      (v) => (v % 3 === 0 ? `(${v + 1}.50)` : `${v}.50`),
      (v) => (v % 3 === 0 ? -(v + 1.5) : v + 0.5),
      { decimal: ".", accounting: true },
    ],
    [
      "($45)",
      (v) => (v % 3 === 0 ? `($${v + 1})` : `$${v}`),
      (v) => (v % 3 === 0 ? -(v + 1) : v),
      { decimal: ".", prefix: "$", accounting: true },
    ],
    [
      "45.5-",
      (v) => (v % 3 === 0 ? `${v + 1}.5-` : `${v}.5`),
      (v) => (v % 3 === 0 ? -(v + 1.5) : v + 0.5),
      { decimal: ".", accounting: true },
    ],
    ["45 sq ft", (v) => `${v} sq ft`, (v) => v, { decimal: ".", suffix: "sq ft" }],
    [">=45", (v) => `>=${v}`, (v) => v, { decimal: ".", prefix: ">=" }],
    ["Unicode minus", (v) => `\u2212${v}.5`, (v) => -(v + 0.5), undefined],
    [
      "full-width digits",
      (v) => String(v).replace(/\d/g, (d) => String.fromCharCode(0xff10 + Number(d))),
      (v) => v,
      undefined,
    ],
    ["exponents", (v) => `${v}e-1`, ten, undefined],
    ["0", (v) => (v === 0 ? "0" : `$${v}`), (v) => v, { decimal: ".", prefix: "$" }],
  ])("%s", (_, write, value, format) => {
    const cells = wholes.map(write);
    const inferred = infer(cells);
    const plain = infer(wholes.map((whole) => String(value(whole))));
    expect(inferred.column.kind).toBe("number");
    expect(inferred.column).toEqual({ ...plain.column, ...(format === undefined ? {} : { numberFormat: format }) });
    expect(inferred.values).toEqual(wholes.map((whole) => value(whole) + 0));
    if (format !== undefined) expect(said(inferred)).toContain(describeNumberFormat(format));
  });
});

describe("odd cells among numbers", () => {
  const numbers = wholes.map((whole) => `${whole}.44`);
  it.each<[string, string, number]>([
    ["two zeros", "00", 0],
    ["a leading zero", "070.00", 70],
    ["a whole number above 2^53", "9007199254740993", NaN],
    ["the largest float", "-3.4028234663852886e38", NaN],
    ["above the largest double", "1e309", NaN],
    ["a word", "err", NaN],
    ["a date", "2024-01-31", NaN],
    ["a unit that others have not", "12abc", NaN],
    ["Infinity", "Infinity", NaN],
    ["minus infinity", "-inf", NaN],
    ["the sign of infinity", "∞", NaN],
    ["no date of pandas", "NaT", NaN],
    ["missing of pandas", "<NA>", NaN],
    ["missing of MySQL", "\\N", NaN],
    ["an error of a spreadsheet", "#DIV/0!", NaN],
    ["another error of a spreadsheet", "#NAME?", NaN],
  ])("%s is a number or missing, and said", (_, odd, value) => {
    const inferred = infer([...numbers, odd]);
    expect(inferred.column).toMatchObject({
      kind: "number",
      role: "feature",
      observed: { min: Math.min(0.44, Number.isNaN(value) ? 1 : value), max: 100.44 },
    });
    expect(inferred.values.at(-1)).toEqual(value);
    if (odd !== "070.00") expect(said(inferred)).toContain(JSON.stringify(odd));
  });

  it("may be a tenth of the cells", () => {
    const inferred = infer([...numbers.slice(0, 90), ...Array.from({ length: 10 }, (_, i) => `error ${i}`)]);
    expect(inferred.column).toMatchObject({ kind: "number" });
    expect(inferred.findings).toMatchObject([{ rule: "number", severity: "warning", count: 10 }]);
  });

  it("make it a category where they are more, which is said with what to do", () => {
    const inferred = infer([...numbers.slice(0, 80), ...Array.from({ length: 20 }, () => "broken")]);
    expect(inferred.column).toMatchObject({ kind: "category" });
    expect(said(inferred)).toMatch(
      /^warning: Column "spend": 80 % of its cells are plain numbers; others are such as "broken".*--decimal/,
    );
  });

  it("are not counted where they mean missing", () => {
    const inferred = infer([
      ...numbers.slice(0, 50),
      ...Array.from({ length: 50 }, (_, i) => ["N/A", "", "#REF!", "inf", "-"][i % 5] ?? ""),
    ]);
    expect(inferred.column).toMatchObject({ kind: "number", missing: ["N/A", "#REF!", "inf", "-"] });
    expect(inferred.values.filter(Number.isNaN)).toHaveLength(50);
  });

  it("that are unique in every row are left out with the cause", () => {
    const inferred = infer(wholes.map((whole, i) => (i % 5 === 0 ? `n${i}` : `${i}.${whole}`)));
    expect(inferred.column.role).toBe("ignored");
    expect(said(inferred)).toMatch(
      /^warning: .*80 % of its cells are plain numbers; others are such as "n0".*left out/,
    );
  });

  it("of other units are not the same numbers", () => {
    const inferred = infer(wholes.map((whole) => (whole % 3 === 0 ? `${whole} MB` : `${whole} GB`)));
    expect(inferred.column.kind).toBe("category");
    expect(said(inferred)).toMatch(/warning: .*numbers with the suffix "GB"; others are such as "0 MB"/);
  });

  it("without the percent sign that others have are said", () => {
    expect(said(infer(wholes.map((whole) => (whole % 3 === 0 ? String(whole / 100) : `${whole}%`))))).toMatch(
      /warning: .*have no % sign/,
    );
  });
});

describe("codes are no numbers", () => {
  it.each<[string, readonly string[]]>([
    ["postcodes", wholes.map((whole) => String(700 + whole * 911).padStart(5, "0"))],
    ["one postcode with a zero", ["01234", ...wholes.map((whole) => String(10_000 + whole * 811))]],
    ["phone numbers", wholes.map((whole) => `0171${whole * 3331 + 5}`)],
    ["shops", wholes.map((whole) => String(whole).padStart(3, "0"))],
    ["card numbers", wholes.map((whole) => `45000000000000000${whole + 100}`)],
  ])("%s", (_, cells) => {
    const { column } = infer([...cells, ...cells]);
    expect(column.kind).toBe("category");
  });

  it("but a zero too many among quantities is one", () => {
    expect(infer([...wholes.map(String), "007"]).column.kind).toBe("number");
  });

  it("nor are labels with a letter before their digits", () => {
    for (const cells of [
      ["Q1", "Q2", "Q3", "Q4"],
      ["K12", "K13"],
      ["Tier 1", "Tier 2"],
      ["18-25", "26-35"],
      ["1-High", "2-Low"],
    ]) {
      expect(infer(cells).column.kind).toBe("category");
    }
  });
});

describe("the decimal mark", () => {
  it("is decided by all cells, and said where they do not decide", () => {
    const doubtful = ["1,234", "2,345", "812"];
    const thousands = infer(doubtful);
    expect(thousands.values).toEqual([1234, 2345, 812]);
    expect(said(thousands)).toMatch(
      /warning: .*"1,234" has either a decimal mark or a thousands separator; it is read as a mark between thousands \(--decimal ,/,
    );
    expect(infer(doubtful, { decimal: "," }).values).toEqual([1.234, 2.345, 812]);
    for (const [more, values] of [
      ["0,5", [1.234, 2.345, 812, 0.5]],
      ["1,234,567", [1234, 2345, 812, 1_234_567]],
      ["7.5", [1234, 2345, 812, 7.5]],
    ] as const) {
      const decided = infer([...doubtful, more]);
      expect(decided.values).toEqual(values);
      expect(said(decided)).not.toContain("nothing tells");
    }
  });

  it("is a point where both would do, with a note", () => {
    const points = infer(["1.234", "2.345", "812"]);
    expect(points.values).toEqual([1.234, 2.345, 812]);
    expect(said(points)).toMatch(/info: .*decimal mark.*--decimal ,/);
    expect(infer(["1.234", "2.345", "812"], { decimal: "," }).values).toEqual([1234, 2345, 812]);
  });

  it("may be said for the whole file, whole numbers included", () => {
    expect(infer(["1", "2", "3"], { decimal: "," }).column).toMatchObject({
      kind: "number",
      numberFormat: { decimal: "," },
    });
    expect(infer(["1", "2", "3"], { decimal: "." }).column).not.toHaveProperty("numberFormat");
    expect(() => infer(["1"], { decimal: ";" as "," })).toThrow(/decimal is ;/);
  });
});

describe("a column of dates in another form is one of the same dates", () => {
  const two = (n: number): string => String(n).padStart(2, "0");
  const names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const long = new Intl.DateTimeFormat("en", { month: "long", timeZone: "UTC" });
  const parts = (day: number) => {
    const [y = "", m = "", d = ""] = formatDate(day, "date").split("-");
    return { y, m, d, M: Number(m), D: Number(d), name: names[Number(m) - 1] ?? "", full: long.format(day) };
  };
  type Parts = ReturnType<typeof parts>;
  it.each<[string, (p: Parts) => string, string | undefined]>([
    ["31/01/2024", ({ d, m, y }) => `${d}/${m}/${y}`, "dd/MM/yyyy"],
    ["3/14/2024", ({ D, M, y }) => `${M}/${D}/${y}`, "MM/dd/yyyy"],
    ["31.12.2024", ({ d, m, y }) => `${d}.${m}.${y}`, "dd.MM.yyyy"],
    ["31-12-2024", ({ d, m, y }) => `${d}-${m}-${y}`, "dd-MM-yyyy"],
    ["31/12/24", ({ d, m, y }) => `${d}/${m}/${y.slice(2)}`, "dd/MM/yy"],
    ["2024/03/31", ({ d, m, y }) => `${y}/${m}/${d}`, "yyyy/MM/dd"],
    ["20240331", ({ d, m, y }) => `${y}${m}${d}`, "yyyyMMdd"],
    ["31-Mar-2024", ({ d, name, y }) => `${d}-${name}-${y}`, "d-MMM-yyyy"],
    ["31 March 2024", ({ D, full, y }) => `${D} ${full} ${y}`, "d MMM yyyy"],
    ["31-MAR-24", ({ d, name, y }) => `${d}-${name.toUpperCase()}-${y.slice(2)}`, "d-MMM-yy"],
    ["Mar 31, 2024", ({ D, name, y }) => `${name} ${D}, ${y}`, "MMM d, yyyy"],
    ["2024-03-31 00:00:00 UTC", ({ d, m, y }) => `${y}-${m}-${d} 00:00:00 UTC`, undefined],
    ["2024-03-31 02:00:00+02:00", ({ d, m, y }) => `${y}-${m}-${d} 02:00:00+02:00`, undefined],
    ["20240331T000000Z", ({ d, m, y }) => `${y}${m}${d}T000000Z`, "yyyyMMdd"],
    ["20240331000000", ({ d, m, y }) => `${y}${m}${d}000000`, "yyyyMMdd"],
    ["2024-3-31", ({ D, M, y }) => `${y}-${M}-${D}`, "yyyy-MM-dd"],
    ["31/12/2024 0:00", ({ d, m, y }) => `${d}/${m}/${y} 0:00`, "dd/MM/yyyy"],
    ["3/31/2024 12:00:00 AM", ({ D, M, y }) => `${M}/${D}/${y} 12:00:00 AM`, "MM/dd/yyyy"],
  ])("%s", (_, write, dateFormat) => {
    const cells = days.map((day) => write(parts(day)));
    const inferred = infer(cells);
    const plain = infer(days.map((day) => formatDate(day, "date")));
    const precision = /:|000000/.test(cells[0] ?? "") ? "datetime" : "date";
    expect(inferred.column).toEqual({
      ...plain.column,
      precision,
      ...(dateFormat === undefined ? {} : { dateFormat }),
    });
    expect(inferred.values).toEqual(days);
    if (dateFormat !== undefined) expect(said(inferred)).toContain(dateFormat);
    // Days of the column's form and ISO 8601 may stand side by side.
    expect(
      infer([...cells, ...days.slice(0, 50).map((day) => formatDate(day, "date"))]).values.slice(cells.length),
    ).toEqual(days.slice(0, 50));
  });

  it("is a month's first day where no day is written", () => {
    expect(infer(["2024-03", "2024-12"]).values).toEqual([Date.UTC(2024, 2, 1), Date.UTC(2024, 11, 1)]);
    expect(infer(["1000-10", "1001-11"]).column.kind).toBe("category");
    expect(infer(["03/2024", "12/2024"]).column).toMatchObject({ dateFormat: "MM/yyyy" });
  });

  it("is day first or month first by all cells; where they do not decide, that is said", () => {
    const doubtful = ["05/04/2023", "07/08/2023", "01/02/2024"];
    expect(infer([...doubtful, "31/01/2024"]).column).toMatchObject({ dateFormat: "dd/MM/yyyy" });
    expect(infer([...doubtful, "1/31/2024"]).column).toMatchObject({ dateFormat: "MM/dd/yyyy" });
    const open = infer(doubtful);
    expect(open.column).toMatchObject({ kind: "date", dateFormat: "dd/MM/yyyy" });
    expect(said(open)).toMatch(
      /^warning: .*could be MM\/dd\/yyyy as well, such as "05\/04\/2023"; use --date-format MM\/dd\/yyyy/,
    );
    const told = infer(doubtful, { dateFormat: "MM/dd/yyyy" });
    expect(told.values[0]).toBe(Date.UTC(2023, 4, 4));
    expect(told.findings.filter(({ severity }) => severity === "warning")).toEqual([]);
  });

  it("has cells that mean no date", () => {
    const cells = days.map((day) => formatDate(day, "date"));
    for (const none of ["0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "NaT", "n/a", "not yet"]) {
      const inferred = infer([...cells, none]);
      expect(inferred.column).toMatchObject({ kind: "date", missing: [none] });
      expect(said(inferred)).toContain(JSON.stringify(none));
    }
  });

  it("names what stands for no date, and takes it for missing however it is written", () => {
    const cells = days.map((day) => formatDate(day, "date"));
    const inferred = infer([...cells, "9999-12-31", "9999-12-31", "1900-01-01", "2099-12-31T23:59:59Z"]);
    expect(inferred.column).toMatchObject({
      missing: ["9999-12-31", "1900-01-01", "2099-12-31"],
      observed: { min: days[0], max: days.at(-1) },
    });
    expect(inferred.findings.filter(({ rule }) => rule === "sentinel").map(({ count }) => count)).toEqual([2, 1, 1]);
    expect(inferred.values.slice(-4)).toEqual([NaN, NaN, NaN, NaN]);
    const reader = cellReader(inferred.column);
    expect(reader.fromJson("9999-12-31T00:00:00Z")).toBeNaN();
    expect(reader.fromJson(new Date("9999-12-31T23:59:59.999Z"))).toBeNaN();
    expect(infer(cells.map((_, i) => `31/12/${i % 4 ? 2020 + (i % 5) : 9999}`)).column).toMatchObject({
      missing: ["9999-12-31"],
    });
  });

  it("keeps a New Year that lies among its other dates", () => {
    const births = Array.from({ length: 200 }, (_, i) =>
      formatDate(Date.UTC(1905 + (i % 90), i % 12, 1 + (i % 28)), "date"),
    );
    const { column, values } = infer([...births, "1900-01-01", "1970-01-01"]);
    expect(column.missing).toEqual([]);
    expect(values.slice(-2)).toEqual([Date.UTC(1900, 0, 1), 0]);
  });

  it("says what times of day and mixed forms are", () => {
    expect(said(infer(wholes.map((whole) => `${two(whole % 24)}:05`)))).toMatch(
      /warning: .*times of day, such as "00:05"/,
    );
    expect(said(infer(days.map((day, i) => (i % 3 ? formatDate(day, "date") : `week ${i}`))))).toMatch(
      /warning: .*66.6 % of its cells are dates.*"week 0".*--date-format/,
    );
  });

  it.each([
    "Fri Jan 01 12:00:00 2024",
    "2024Q1",
    "2024-W05",
    "Jan-24",
    "1/100",
    "1_000",
    '="45"',
    "2024-01-31 09:05:00 CET",
    "45,-",
  ])("says that %s is not read", (text) => {
    const inferred = infer(wholes.map((_, i) => text.replace(/\d(?=\D*$)/, String(i % 7))));
    expect(inferred.column.kind).toBe("category");
    expect(said(inferred)).toMatch(/^warning: .*(?:look like dates|digits and marks), such as/);
  });

  it("leaves eight digits that are days now and then as numbers", () => {
    expect(infer(wholes.map((whole) => String(20_200_000 + whole * 97))).column).toMatchObject({ kind: "number" });
  });

  it("leaves times since 1970 as numbers", () => {
    expect(infer(days.map((day) => String(day / 1000))).column).toMatchObject({ kind: "number" });
  });
});

describe("formats of dates", () => {
  it.each([
    ["dd/mm/yyyy", "31/01/2024"],
    ["DD.MM.YYYY", "31.01.2024"],
    ["yyyy年MM月dd日", "2024年1月31日"],
    ["dd/MM/yyyy HH:mm:ss", "31/1/2024 00:00"],
    ["EEE", undefined],
    ["%d/%m/%Y", undefined],
    ["dd/MM", undefined],
    ["", undefined],
    ["MM/MM/yyyy", undefined],
  ])("%s", (format, text) => {
    expect(dateFormatProblem(format) === undefined).toBe(text !== undefined);
    if (text !== undefined) expect(dateFormatReader(format).read(text)).toBe(Date.UTC(2024, 0, 31));
  });

  it("read no day that does not exist", () => {
    for (const text of [
      "31/02/2024",
      "00/01/2024",
      "1/13/2024",
      "31/01/2024 25:00",
      "31/01/2024 13:00 PM",
      "31/01/20244",
    ])
      expect(dateFormatReader("dd/MM/yyyy").read(text)).toBeNaN();
    expect(dateFormatReader("dd/MM/yyyy").read("29/02/2024 1:05 pm")).toBe(Date.UTC(2024, 1, 29, 13, 5));
    expect(dateFormatReader("d MMM yy").read("1 jux 24")).toBeNaN();
  });
});

describe("numbers written in a random form", () => {
  const format = fc
    .record(
      {
        decimal: fc.constantFrom("." as const, "," as const),
        grouping: fc.constantFrom("," as const, "." as const, " " as const, "'" as const),
        prefix: fc.constantFrom("$", "€", "CHF", "US$"),
        suffix: fc.constantFrom("%", "GB", "€", "km/h", "°C"),
        accounting: fc.constant(true),
      },
      { requiredKeys: ["decimal"] },
    )
    .filter(({ decimal, grouping }) => decimal !== grouping);
  const cents = fc.array(fc.integer({ min: -99_999_999, max: 99_999_999 }), { minLength: 12, maxLength: 40 });
  const write = (
    value: number,
    { decimal, grouping = "" as never, prefix = "", suffix = "", accounting }: NumberFormat,
  ): string => {
    const body = grouped(Math.abs(value), decimal, grouping, 2);
    const shown = `${prefix}${body}${suffix === "" ? "" : ` ${suffix}`}`;
    return value >= 0 ? shown : accounting === true ? `(${shown})` : `-${shown}`;
  };

  it("come to the plain numbers, by the reader and by inference", () => {
    fc.assert(
      fc.property(format, cents, (form, values) => {
        const numbers = values.map((value) => value / 100);
        const cells = numbers.map((value) => write(value, form));
        const read = formattedNumberReader(form);
        expect(cells.map(read)).toEqual(numbers.map((value) => value + 0));
        const inferred = infer(cells);
        expect(inferred.column.kind).toBe("number");
        expect(inferred.values).toEqual(numbers.map((value) => value + 0));
      }),
      { numRuns: budget(150) },
    );
  });

  it("come to a number or nothing, whatever the text", () => {
    fc.assert(
      fc.property(
        format,
        fc.string({ unit: fc.constantFrom(..."0123456789.,' -+()$€%GBe"), maxLength: 12 }),
        (form, text) => {
          const value = formattedNumberReader(form)(text);
          return Number.isNaN(value) || Number.isFinite(value);
        },
      ),
      { numRuns: budget(300) },
    );
  });
});

describe("a contract reads alike", () => {
  const columns = {
    plain: wholes.map(String),
    share: wholes.map((whole) => `${whole},5 %`),
    price: wholes.map((whole) => (whole % 7 ? `$${grouped(whole * 97, ".", ",", 2)}` : "#DIV/0!")),
    joined: days.map((day, i) => (i % 9 ? formatDate(day, "date").split("-").reverse().join("/") : "31/12/9999")),
    day: days.map((day) => formatDate(day, "date").replaceAll("-", "")),
  };
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const records = wholes.map((_, i) => Object.fromEntries(names.map((name) => [name, columns[name][i]])));
  const csv = new TextEncoder().encode(
    [csvLine(names), ...records.map((record) => csvLine(names.map((name) => record[name])))].join(""),
  );
  const lines = new TextEncoder().encode(
    records
      .map((record) => JSON.stringify({ ...record, plain: Number(record["plain"]), day: Number(record["day"]) }))
      .join("\n"),
  );

  it("from CSV, JSON lines and requests, and infers alike from them", async () => {
    const { contract } = await inferDelimited(csv);
    expect((await inferJsonLines(lines)).contract).toEqual(contract);
    const table = await readDelimited(contract, csv);
    expect(table.rejected).toEqual([]);
    const fromLines = await readJsonLines(contract, lines);
    const requests = rowBuffer(contract, { capacity: records.length }).fill(records);
    for (const name of names) {
      expect(table.columns.get(name)?.storage, name).toBe("numeric");
      expect(fromLines.columns.get(name), name).toEqual(table.columns.get(name));
      expect(requests.columns.get(name), name).toEqual(table.columns.get(name));
    }
    expect(table.columns.get("share")).toMatchObject({ values: Float64Array.from(wholes, (whole) => whole + 0.5) });
    expect(table.columns.get("day")).toMatchObject({ values: Float64Array.from(days) });
  });

  it("refuses an odd cell that it did not see", () => {
    const { column } = infer(columns.price);
    const cell = cellReader(column).fromText("€45");
    expect(isIssue(cell) && cell.message).toMatch(
      /does not match the column's number format: numbers with "," between thousands and the prefix "\$"/,
    );
    const date = cellReader(infer(columns.joined).column).fromText("2024/01/31");
    expect(isIssue(date) && date.message).toMatch(
      /does not match the date format dd\/MM\/yyyy; use that format or 2024-03-31/,
    );
  });

  it("takes a number that is a marker for missing, as text and as JSON", () => {
    const reader = cellReader({
      name: "n",
      role: "feature",
      kind: "number",
      integer: false,
      nullable: true,
      optional: false,
      missing: ["-999"],
    });
    for (const cell of [reader.fromText("-999"), reader.fromText("-999.0"), reader.fromJson(-999)])
      expect(cell).toBeNaN();
    expect(reader.fromJson(999)).toBe(999);
  });
});
