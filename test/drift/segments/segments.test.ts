import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import type { Table } from "../../../src/data/table/table.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import {
  compareSegmentProfiles,
  compareTables,
  mergeSegmentProfiles,
  parseSegmentProfiles,
  profileSegments,
  profileSegmentsAgainst,
  type DriftReport,
} from "../../../src/drift/index.js";
import { tableOf } from "../tables.js";

const plans = ["Month-to-month", "One year", "Two year"];

/** Customers of three plans; `charge` is added to the charges of those on a one-year plan. */
function customers(n: number, seed: number, charge = 0): Table {
  const random = uniform(seed);
  const plan = Array.from({ length: n }, () => plans[Math.floor(3 * random())] ?? "");
  return tableOf({
    plan,
    tenure: plan.map(() => Math.floor(72 * random())),
    charges: plan.map((name) => 20 + 80 * random() + (name === "One year" ? charge : 0)),
    region: plan.map(() => `r${Math.floor(4 * random())}`),
  });
}

const key = ({ column, level }: { column: string; level: string }): string => `${column}=${level}`;

describe("segments of tables", () => {
  const before = customers(3000, 1);

  it("say which slice moved, and by what", () => {
    const { segments, verdict } = compareTables(before, customers(3000, 2, 25), { segments: ["plan", "region"] });
    expect(verdict).toBe("drift");
    expect(segments.map(key).sort()).toEqual(
      [...plans.map((name) => `plan=${name}`), "region=r0", "region=r1", "region=r2", "region=r3"].sort(),
    );
    const [first] = segments;
    expect(first).toMatchObject({
      column: "plan",
      level: "One year",
      verdict: "drift",
      severity: "critical",
      worst: "charges",
    });
    expect(first?.message).toMatch(/^charges: Values are higher/);
    expect(first?.drifted.map(({ name }) => name)).toEqual(["charges"]);
    expect(segments.filter(({ column, severity }) => column === "plan" && severity !== "none")).toHaveLength(1);
    expect(
      segments.filter(({ column }) => column === "plan").reduce((sum, { share }) => sum + share.current, 0),
    ).toBeCloseTo(1, 12);
  });

  it("find what the whole hides: two slices that moved apart", () => {
    const twist = (seed: number, by: number): Table => {
      const random = uniform(seed);
      const plan = Array.from({ length: 4000 }, () => (random() < 0.5 ? "a" : "b"));
      return tableOf({ plan, x: plan.map((name) => (name === "a" ? random() * (1 - by) : by + random() * (1 - by))) });
    };
    const mixed = twist(3, 0);
    const swapped = twist(4, 0);
    const separated = tableOf({
      plan: Array.from({ length: 4000 }, (_, i) => (i % 2 ? "a" : "b")),
      x: Array.from({ length: 4000 }, (_, i) => (i % 2 ? 0 : 0.5) + (Math.floor(i / 2) % 2000) / 4000),
    });
    expect(compareTables(mixed, swapped, { segments: ["plan"] }).verdict).toBe("stable");
    const report = compareTables(mixed, separated, { segments: ["plan"] });
    expect(report.columns.find(({ name }) => name === "x")?.verdict).toBe("stable");
    expect(report).toMatchObject({ verdict: "drift", severity: "critical" });
    expect(report.message).toMatch(/Within slices: x where plan is/);
  });

  it("raise no more false alarms for being many: one correction over all tests of all slices", () => {
    let alarms = 0;
    for (let run = 0; run < 60; run++) {
      const report = compareTables(customers(500, 3 * run + 50), customers(500, 3 * run + 51), {
        segments: ["plan", "region", "tenure"],
      });
      if (report.segments.some(({ verdict }) => verdict === "drift")) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(3);
  });

  it("slice numbers at the reference's quartiles, booleans by value, and keep missing and new levels apart", () => {
    const numbers = tableOf({
      x: Array.from({ length: 100 }, (_, i) => i),
      y: Array.from({ length: 100 }, (_, i) => i % 7),
    });
    const { segments } = compareTables(numbers, numbers, { segments: ["x"] });
    expect(segments.map(({ level, rows }) => `${level}: ${rows.reference}`).sort()).toEqual([
      "24.75 to 49.5: 25",
      "49.5 to 74.25: 25",
      "74.25 and above: 25",
      "below 24.75: 25",
    ]);
    const some = tableOf({ plan: ["a", "b", null, "a"], x: [1, 2, 3, 4] });
    const later = tableOf({ plan: ["c", "c", "a", null], x: [1, 2, 3, 4] });
    const found = compareTables(some, later, { segments: ["plan"] }).segments;
    expect(Object.fromEntries(found.map(({ level, rows }) => [level, rows]))).toEqual({
      a: { reference: 2, current: 1 },
      b: { reference: 1, current: 0 },
      "(other levels)": { reference: 0, current: 2 },
      "(missing)": { reference: 1, current: 1 },
    });
    expect(found.map(({ verdict }) => verdict)).toEqual(Array(4).fill("insufficient"));
    expect(found.find(({ level }) => level === "(other levels)")?.message).toBe(
      "No reference rows; 50 % of the current rows.",
    );
    expect(found.find(({ level }) => level === "b")?.message).toMatch(/^No current rows/);
    const yes = (values: number[]): Table => {
      const table = tableOf({ yes: values, x: values });
      const columns = table.contract.columns.map((column) =>
        column.name === "yes" ? { ...column, kind: "boolean", truthy: [], falsy: [], caseSensitive: true } : column,
      );
      return { ...table, contract: { ...table.contract, columns: columns as Table["contract"]["columns"] } };
    };
    expect(
      compareTables(yes([0, 1, 1]), yes([1, 0, 0]), { segments: ["yes"] })
        .segments.map(({ level }) => level)
        .sort(),
    ).toEqual(["false", "true"]);
    expect(
      compareTables(tableOf({ x: [null, null] }), tableOf({ x: [1, null] }), { segments: ["x"] })
        .segments.map(({ level }) => level)
        .sort(),
    ).toEqual(["(missing)", "all"]);
  });

  it("pool the rarest levels of very many, and survive levels with the names of members", () => {
    const many = tableOf({
      city: Array.from({ length: 400 }, (_, i) => (i % 4 ? "__proto__" : `city ${i}`)),
      x: Array.from({ length: 400 }, (_, i) => i),
    });
    const { segments } = compareTables(many, many, { segments: ["city", "city"] });
    expect(segments).toHaveLength(21);
    expect(segments.find(({ level }) => level === "__proto__")?.rows.reference).toBe(300);
  });

  it("refuse what cannot be sliced by, with a code", () => {
    const code = (action: () => unknown): string => {
      try {
        action();
      } catch (error) {
        if (ChurnkitError.isInstance(error)) return error.code;
      }
      return "none";
    };
    const x = tableOf({ x: [1, 2], plan: ["a", "b"] });
    expect(code(() => compareTables(x, x, { segments: ["y"] }))).toBe("OPTION_INVALID");
    expect(code(() => compareTables(x, x, { segments: ["constructor"] }))).toBe("OPTION_INVALID");
    expect(code(() => compareTables(x, x, { segments: Array.from({ length: 11 }, (_, i) => `c${i}`) }))).toBe(
      "OPTION_INVALID",
    );
    expect(code(() => compareTables(x, tableOf({ x: [1] }), { segments: ["plan"] }))).toBe("CONTRACT_MISMATCH");
    const columns = x.contract.columns.map(({ name, role, nullable, optional, missing }) => ({
      name,
      role,
      nullable,
      optional,
      missing,
      kind: "text" as const,
    }));
    const text = { ...x, contract: { ...x.contract, columns } };
    expect(code(() => compareTables(text, text, { segments: ["plan"] }))).toBe("OPTION_INVALID");
  });
});

describe("segments of profiles", () => {
  const before = customers(2000, 11);
  const after = customers(2000, 12, 25);
  const frozen = profileSegments(before, ["plan", "tenure"], { cutPoints: 64 });

  it("find the same slice as tables do", () => {
    const found = compareSegmentProfiles(frozen, profileSegmentsAgainst(frozen, after));
    const tables = compareTables(before, after, { segments: ["plan", "tenure"] }).segments;
    expect(found[0]).toMatchObject({ column: "plan", level: "One year", worst: "charges", severity: "critical" });
    const verdicts = (of: DriftReport["segments"]): string[] =>
      of.map((segment) => `${key(segment)} ${segment.verdict} ${segment.rows.current}`).sort();
    expect(verdicts(found)).toEqual(verdicts(tables));
    expect(
      compareSegmentProfiles(frozen, profileSegmentsAgainst(frozen, after), { ignore: ["charges"] }).every(
        ({ severity }) => severity === "none",
      ),
    ).toBe(true);
  });

  it("merge to the same bits in any order, and survive JSON", () => {
    const parts = [0, 1, 2].map((part) =>
      takeRows(
        after,
        Array.from({ length: 500 }, (_, i) => 3 * i + part),
      ),
    );
    const [a, b, c] = parts.map((part) => profileSegmentsAgainst(frozen, part));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three parts");
    const merged = mergeSegmentProfiles(mergeSegmentProfiles(a, b), c);
    expect(mergeSegmentProfiles(c, mergeSegmentProfiles(b, a))).toEqual(merged);
    expect(merged).toEqual(
      profileSegmentsAgainst(
        frozen,
        takeRows(
          after,
          Array.from({ length: 1500 }, (_, i) => i),
        ),
      ),
    );
    expect(parseSegmentProfiles(JSON.parse(JSON.stringify(merged)))).toEqual(merged);
  });

  it("are refused with a path where they are broken, never with another error", () => {
    const good = JSON.parse(JSON.stringify(frozen)) as { segments: Record<string, unknown>[] };
    const broken = (change: Record<string, unknown>) => ({ ...good, segments: [{ ...good.segments[0], ...change }] });
    for (const [path, bad] of [
      ["$", []],
      ["$.format", { ...good, format: 2 }],
      ["$.rows", { ...good, rows: 0.5 }],
      ["$.segments[0].rule", broken({ rule: { column: "x", by: "magic" } })],
      ["$.segments[0].rule.levels[0]", broken({ rule: { column: "x", by: "levels", levels: [1] } })],
      ["$.segments[0].rule.edges", broken({ rule: { column: "x", by: "ranges", kind: "number", edges: [2, 1] } })],
      ["$.segments[0].rule.edges[0]", broken({ rule: { column: "x", by: "ranges", kind: "date", edges: ["1"] } })],
      ["$.segments[0].rule.edges", broken({ rule: { column: "x", by: "ranges", kind: "boolean", edges: [] } })],
      ["$.segments[0]", broken({ counts: [1] })],
      ["$.segments[0].counts[0]", broken({ counts: [-1, 1, 1, 1, 1] })],
    ] as const) {
      expect(() => parseSegmentProfiles(bad), path).toThrow(
        new RegExp(`malformed: ${path.replace(/[$.[\]]/g, "\\$&")}`),
      );
    }
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          parseSegmentProfiles(json);
        } catch (error) {
          expect(ChurnkitError.isInstance(error)).toBe(true);
        }
      }),
    );
  });

  it("refuse slices of another reference", () => {
    const other = profileSegments(before, ["region"]);
    expect(() => compareSegmentProfiles(frozen, other)).toThrow(/different slices/);
    expect(() => mergeSegmentProfiles(frozen, other)).toThrow(/different slices/);
  });
});
