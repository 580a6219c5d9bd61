import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { permutation, uniform } from "../../src/base/random.js";
import { withColumn } from "../../src/data/profile/merge.js";
import { profileOf } from "../../src/data/profile/numeric-profile.js";
import { summarizeNumeric } from "../../src/data/profile/profile-summary.js";
import { profileAgainst, profileTable } from "../../src/data/profile/profile-table.js";
import type { Table } from "../../src/data/table/table.js";
import { wassersteinDistance } from "../../src/stats/distances/wasserstein.js";
import {
  compareProfiles,
  compareTables,
  driftAgainst,
  type ColumnDrift,
  type DriftReport,
} from "../../src/drift/index.js";
import { hasShared } from "../helpers/shared.js";
import { tableOf, telcoHalves } from "./tables.js";

const bell = (n: number, seed: number, mean = 0, sd = 1): number[] => {
  const random = uniform(seed);
  const one = (): number => {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += random();
    return mean + sd * (sum - 6);
  };
  return Array.from({ length: n }, one);
};
const drawn = (n: number, seed: number, shares: Record<string, number>): string[] => {
  const random = uniform(seed);
  return Array.from({ length: n }, () => {
    let left = random();
    for (const [level, share] of Object.entries(shares)) if ((left -= share) < 0) return level;
    return Object.keys(shares)[0] ?? "";
  });
};
const column = (report: DriftReport, name: string): ColumnDrift => {
  const found = report.columns.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no column ${name}`);
  return found;
};
const flagged = (report: DriftReport): string[] =>
  report.columns.filter(({ verdict }) => verdict === "drift").map(({ name }) => name);

/** Every number finite, so that the report is valid JSON that says what it means. */
function expectFinite(value: unknown): void {
  if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(expectFinite);
}

describe.skipIf(!hasShared)("Telco", () => {
  it("raises no alarm between random halves, and finds what was shifted and swapped", () => {
    const { a, b, shifted } = telcoHalves();
    for (const [calm, moved] of [
      [compareTables(a, b), compareTables(a, shifted)],
      [
        driftAgainst(profileTable(a, { cutPoints: 256 }), b),
        driftAgainst(profileTable(a, { cutPoints: 256 }), shifted),
      ],
    ] as const) {
      expect(flagged(calm)).toEqual([]);
      expect(calm).toMatchObject({ verdict: "stable", severity: "none", message: "No drift in 20 columns." });
      expect(flagged(moved)).toEqual(["tenure", "PaymentMethod"]);
      expect(moved.severity).toBe("critical");
      expect(column(moved, "tenure").message).toContain("the median went from 29 to 20");
      expect(column(moved, "PaymentMethod").message).toContain('"Electronic check" went from');
    }
  });
});

describe("verdicts", () => {
  it("come from size as well as significance: a shift of nothing over many rows is not drift", () => {
    const n = 200_000;
    const report = compareTables(tableOf({ x: bell(n, 1) }), tableOf({ x: bell(n, 2, 0.03) }));
    const x = column(report, "x");
    expect(x.pValue).toBeLessThan(1e-6);
    expect(x.verdict).toBe("stable");
  });

  it.each([
    ["a mean", bell(2000, 3, 0.4), "higher"],
    ["a spread", bell(2000, 3, 0, 1.5), "more spread"],
    ["a unit", bell(2000, 3).map((value) => 1000 * value), "spread"],
  ])("find %s", (_, values, words) => {
    const x = column(compareTables(tableOf({ x: bell(2000, 1) }), tableOf({ x: values })), "x");
    expect(x.verdict).toBe("drift");
    expect(x.message).toContain(words);
  });

  it("judge PSI against what it comes to without drift: 100 rows are no alarm", () => {
    const x = column(compareTables(tableOf({ x: bell(100, 5) }), tableOf({ x: bell(100, 6) })), "x");
    expect(x.psi).toBeGreaterThan(0.05);
    expect(x.psiExpected).toBeCloseTo(0.18, 2);
    expect(x.severity).toBe("none");
  });

  it("find missing values and new levels by themselves", () => {
    const values = bell(1000, 7);
    const plans = drawn(1000, 8, { basic: 0.7, pro: 0.3 });
    const report = compareTables(
      tableOf({ x: values, plan: plans }),
      tableOf({
        x: values.map((value, i) => (i % 10 === 0 ? null : value)),
        plan: plans.map((plan, i) => (i % 30 === 0 ? "<gold>" : plan)),
      }),
    );
    expect(column(report, "x")).toMatchObject({ verdict: "drift", severity: "warning", test: "twoProportions" });
    expect(column(report, "x").missing).toEqual({ reference: 0, current: 0.1 });
    expect(column(report, "x").message).toBe("Missing values went from 0 % to 10 %.");
    expect(column(report, "plan")).toMatchObject({ verdict: "drift", newLevels: ["<gold>"] });
    expect(column(report, "plan").newLevelShare).toBeCloseTo(0.034, 3);
    expect(column(report, "plan").message).toContain('such as "<gold>"');
  });

  it("take unseen levels of a column of very many for what they are", () => {
    const cities = (seed: number): string[] => {
      const random = uniform(seed);
      return Array.from({ length: 3000 }, () => `city ${Math.floor(random() ** 2 * 900)}`);
    };
    const city = column(compareTables(tableOf({ city: cities(1) }), tableOf({ city: cities(2) })), "city");
    expect(city.newLevelShare).toBeGreaterThan(0.02);
    expect(city.verdict).toBe("stable");
  });

  it("say insufficient, what could be seen and how many rows would do", () => {
    const few = compareTables(
      tableOf({ x: bell(1000, 1), y: bell(1000, 2) }),
      tableOf({ x: bell(12, 3), y: bell(12, 4) }),
    );
    expect(few.verdict).toBe("insufficient");
    expect(column(few, "x").detectableShift).toBeGreaterThan(0.5);
    const needed = Number(/Give (\d+) current values/.exec(column(few, "x").message)?.[1]);
    const enough = compareTables(tableOf({ x: bell(1000, 1) }), tableOf({ x: bell(needed, 3) }));
    expect(column(enough, "x").verdict).toBe("stable");
    const none = compareTables(tableOf({ x: bell(20, 1) }), tableOf({ x: bell(1000, 3) }));
    expect(column(none, "x").message).toContain("The reference itself is too small");
  });

  it("judge nothing without rows, and a column that is always empty by its rows", () => {
    const of = (rows: number) => tableOf({ x: new Array<null>(rows).fill(null) });
    const verdict = (n: number, m: number) => compareTables(of(n), of(m)).verdict;
    expect([verdict(0, 0), verdict(500, 0), verdict(3, 3), verdict(500, 500)]).toEqual([
      "insufficient",
      "insufficient",
      "insufficient",
      "stable",
    ]);
    expect(compareTables(of(0), of(0)).message).toContain("Too few rows");
    const nothing = tableOf({ x: new Float64Array(), y: new Float64Array() });
    expect(compareTables(nothing, nothing)).toMatchObject({ verdict: "insufficient", severity: "none" });
  });

  it("find a gross shift in 30 rows, and judge nothing by fewer on either side", () => {
    const verdictOf = (n: number, m: number, leastRows?: number): [string, string] => {
      const report = compareTables(
        tableOf({ x: bell(n, 1) }),
        tableOf({ x: bell(m, 2, 9) }),
        leastRows === undefined ? {} : { policy: { leastRows } },
      );
      expect(report.columns[0]).toMatchObject({ verdict: report.verdict, severity: report.severity });
      return [report.verdict, report.severity];
    };
    expect(verdictOf(500, 30)).toEqual(["drift", "critical"]);
    expect([verdictOf(500, 29), verdictOf(29, 500), verdictOf(500, 5)]).toEqual(
      Array(3).fill(["insufficient", "none"]),
    );
    expect(verdictOf(500, 25, 25)).toEqual(["drift", "critical"]);
  });

  it("do not call two rows critical, whether missing, new or broken", () => {
    const table = tableOf({ city: ["a"] });
    const city = (rows: number, level: string | null): Table => ({
      ...table,
      rows,
      columns: new Map([
        [
          "city",
          { storage: "coded", codes: new Int32Array(rows).fill(level === null ? -1 : 0), levels: [level ?? "a"] },
        ],
      ]),
    });
    for (const level of [null, "z"]) {
      expect(compareTables(city(500, "a"), city(2, level))).toMatchObject({
        verdict: "insufficient",
        severity: "none",
        message: expect.stringContaining("500 in the reference, 2 now, and 30 are needed") as string,
      });
      expect(compareTables(city(500, "a"), city(30, level))).toMatchObject({ verdict: "drift", severity: "critical" });
    }
    const broken = (rows: number, rejected: number): Table => ({
      ...city(rows, "a"),
      rejected: Array.from({ length: rejected }, (_, row) => ({
        rowNumber: row,
        issues: [],
      })) as unknown as Table["rejected"],
    });
    expect(compareTables(broken(500, 0), broken(0, 5))).toMatchObject({ verdict: "insufficient", severity: "none" });
    expect(compareTables(broken(500, 0), broken(0, 30))).toMatchObject({ verdict: "drift", severity: "critical" });
  });

  it("leave ignored columns out and obey the policy", () => {
    const [a, b] = [tableOf({ x: bell(500, 1), y: bell(500, 2) }), tableOf({ x: bell(500, 3, 0.5), y: bell(500, 4) })];
    expect(compareTables(a, b, { ignore: ["x"] }).verdict).toBe("stable");
    expect(
      compareTables(a, b, {
        policy: { distribution: { warning: 0.9, critical: 0.9 }, psi: { warning: 9, critical: 9 } },
      }).verdict,
    ).toBe("stable");
    for (const policy of [{ alpha: 0 }, { alpha: Number.NaN }, { psi: { warning: 0.3, critical: 0.1 } }]) {
      expect(() => compareTables(a, b, { policy })).toThrow(ChurnkitError);
    }
  });

  it("do not depend on the order of rows", () => {
    const x = bell(700, 1);
    const plan = drawn(700, 2, { a: 0.5, b: 0.3, c: 0.2 });
    const order = [...permutation(700, 3)];
    const other = tableOf({ x: bell(600, 4, 0.2), plan: drawn(600, 5, { c: 0.6, d: 0.4 }) });
    const shuffled = tableOf({ x: order.map((i) => x[i] ?? 0), plan: order.map((i) => plan[i] ?? "") });
    expect(compareTables(shuffled, other)).toEqual(compareTables(tableOf({ x, plan }), other));
  });
});

describe("profiles and tables", () => {
  it("agree, with D within the certified error", () => {
    const [a, b] = [tableOf({ x: bell(5000, 1) }), tableOf({ x: bell(4000, 2, 0.1) })];
    const exact = column(compareTables(a, b), "x");
    for (const cutPoints of [16, 128, 1024]) {
      const base = profileTable(a, { cutPoints });
      const byProfile = column(compareProfiles(base, profileAgainst(base, b)), "x");
      expect(byProfile.psi).toBe(exact.psi);
      expect(byProfile.statistic).toBeLessThanOrEqual((exact.statistic ?? 0) + 1e-12);
      expect((byProfile.statistic ?? 0) + byProfile.effectError).toBeGreaterThanOrEqual((exact.statistic ?? 0) - 1e-12);
      expect(byProfile.effectError).toBeLessThanOrEqual(1.5 / (cutPoints - 1));
    }
  });

  it("watch the model's predictions as one more column", () => {
    const rows = tableOf({ x: bell(800, 1) });
    const scores = (power: number): Float64Array => {
      const random = uniform(6);
      return Float64Array.from({ length: 800 }, () => random() ** power);
    };
    const baseline = withColumn(profileTable(rows), profileOf(scores(1), "prediction"));
    const report = driftAgainst(baseline, rows, { predictions: scores(2) });
    expect(flagged(report)).toEqual(["prediction"]);
    expect(driftAgainst(baseline, rows).columns.map(({ name }) => name)).toEqual(["x"]);
  });

  it("refuse profiles of different references", () => {
    const [a, b] = [profileTable(tableOf({ x: bell(50, 1) })), profileTable(tableOf({ x: bell(50, 2) }))];
    expect(() => compareProfiles(a, b)).toThrow(/another reference/);
  });

  it("count rows that break the contract as drift of the whole", () => {
    const rows = tableOf({ x: bell(900, 1) });
    const rejected = Array.from({ length: 300 }, (_, row) => ({ row, issues: [] }));
    for (const report of [
      compareTables(rows, { ...rows, rejected }),
      driftAgainst(profileTable(rows), { ...rows, rejected }),
    ]) {
      expect(report).toMatchObject({
        verdict: "drift",
        severity: "critical",
        rejected: { current: 300, severity: "critical" },
      });
      expect(report.message).toContain("25 % of the current rows break the contract");
    }
    expect(compareTables({ ...rows, rejected }, { ...rows, rejected }).verdict).toBe("stable");
  });
});

describe("distances in the report", () => {
  const a = tableOf({
    x: bell(1500, 5),
    plan: bell(1500, 6).map((value) => (value > 0.5 ? "a" : "b")),
    flag: bell(1500, 7).map((value) => (value > 1 ? 1 : 0)),
  });
  const b = tableOf({
    x: bell(1200, 8, 0.4, 1.2),
    plan: bell(1200, 9).map((value) => (value > 0 ? "a" : "b")),
    flag: bell(1200, 10).map((value) => (value > 0 ? 1 : 0)),
  });
  const values = (table: Table): Float64Array => {
    const data = table.columns.get("x");
    return data?.storage === "numeric" ? data.values : new Float64Array();
  };

  it("are exact from rows in memory, in the column's unit and in standard deviations", () => {
    const x = column(compareTables(a, b), "x");
    expect(x.wasserstein).toBe(wassersteinDistance(values(a), values(b)));
    const spread = summarizeNumeric(profileOf(values(a), "x"))?.standardDeviation ?? 0;
    expect(x.wassersteinNormed).toBe((x.wasserstein ?? 0) / spread);
  });

  it("are close from profiles, and exact where every value has a cut point", () => {
    const base = profileTable(a, { cutPoints: 128 });
    const report = compareProfiles(base, profileAgainst(base, b));
    expect(column(report, "x").wasserstein).toBeCloseTo(wassersteinDistance(values(a), values(b)) ?? 0, 1);
    const flag = column(report, "flag");
    expect(flag.wasserstein).toBeCloseTo(totalVariationOf(flag), 12);
    expect(column(report, "plan")).toMatchObject({ wasserstein: null, wassersteinNormed: null });
  });

  it("lie within [0, 1], Hellinger's between the total variation and its root", () => {
    for (const entry of compareTables(a, b).columns) {
      const moved = totalVariationOf(entry);
      if (entry.name === "plan") {
        expect(entry.hellinger).toBeGreaterThanOrEqual(moved / Math.SQRT2 - 1e-12);
        expect((entry.hellinger ?? 1) ** 2).toBeLessThanOrEqual(moved + 1e-12);
      }
      expect((entry.jensenShannon ?? 2) <= 1 && (entry.hellinger ?? 2) <= 1).toBe(true);
    }
  });

  const totalVariationOf = ({ distribution }: ColumnDrift): number =>
    distribution.reduce((sum, bin) => sum + Math.abs(bin.reference - bin.current), 0) / 2;
});

describe("bad input", () => {
  const nothing: (number | null)[] = [];
  const cases: [string, (number | null)[] | (string | null)[], (number | null)[] | (string | null)[]][] = [
    ["empty both", nothing, nothing],
    ["empty current", [1, 2, 3], nothing],
    ["one row", [1, 2, 3], [7]],
    ["all missing", [null, null], [null, null]],
    ["missing in the reference", [null, null, null], [1, 2, 3]],
    ["constant", new Array<number>(100).fill(4), new Array<number>(100).fill(4)],
    ["another constant", new Array<number>(100).fill(4), new Array<number>(100).fill(5)],
    ["infinite", [Infinity, -Infinity, 1, 2], [Infinity, 3]],
    ["huge", [1e308, -1e308, 2 ** 53], [1e308, 1]],
    ["one level", new Array<string>(100).fill("a"), new Array<string>(100).fill("a")],
    ["other levels", new Array<string>(100).fill("a"), new Array<string>(100).fill("__proto__")],
  ];
  it.each(cases)("%s: a verdict, finite numbers, words", (_, reference, current) => {
    const [a, b] = [tableOf({ x: reference }), tableOf({ x: current })];
    for (const report of [compareTables(a, b), driftAgainst(profileTable(a), b)]) {
      expectFinite(report);
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
      expect(report.message).not.toMatch(/NaN|undefined|Infinity/);
      for (const entry of report.columns) expect(entry.message).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it("finds one constant become another, and a column gone", () => {
    const a = tableOf({ x: new Array<number>(100).fill(4), y: bell(100, 1) });
    const report = compareTables(a, tableOf({ x: new Array<number>(100).fill(5) }));
    expect(flagged(report)).toEqual(["x", "y"]);
    const full = tableOf({ x: new Array<number>(100).fill(4), y: bell(100, 1) });
    const gone = compareTables(a, { ...full, columns: new Map([...full.columns].filter(([name]) => name === "x")) });
    expect(flagged(gone)).toEqual(["y"]);
    expect(column(gone, "y").message).toContain("from 0 % to 100 %");
  });

  it("writes dates out of range as numbers", () => {
    const dates = tableOf({ since: bell(300, 1, 1.6e12, 1e10) });
    const contract = {
      ...dates.contract,
      columns: dates.contract.columns.map((entry) => ({ ...entry, kind: "date", precision: "date" })),
    };
    const a = { ...dates, contract } as typeof dates;
    const since = new Float64Array(300).fill(1e17);
    const b = { ...a, columns: new Map([["since", { storage: "numeric" as const, values: since }]]) };
    expect(column(compareTables(a, b), "since").message).toContain("the median went from 2020-");
  });
});
