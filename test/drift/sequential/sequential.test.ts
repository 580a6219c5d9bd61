import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { profileAgainst, profileTable } from "../../../src/data/profile/profile-table.js";
import type { Profile } from "../../../src/data/profile/profile.js";
import type { SequentialDecision, SequentialLook } from "../../../src/drift/sequential/state.js";
import type { Shift } from "../../../src/drift/report.js";
import {
  addPeriod,
  compareProfiles,
  parseSequential,
  parseWindows,
  sequentialStart,
  sequentialStep,
  startWindows,
  type ColumnDrift,
  type SequentialState,
} from "../../../src/drift/index.js";
import { allowanceOfLook, stepOf, hourlyPlan, sequentialPlan } from "../../../src/drift/sequential/plan.js";
import { tableOf } from "../tables.js";
import { budget } from "../../helpers/budget.js";

/** A look at one window in which each column has the p-value and the effect given. */
function look(
  window: number,
  found: Record<string, { p: number; effect: number; what?: Shift["what"] }>,
  more: Partial<SequentialLook["report"]> = {},
): SequentialLook {
  const columns = Object.entries(found).map(([name, { p, effect, what = "distribution" }]) => ({
    name,
    shifts: [{ what, log10p: -300, log10pBound: Math.log10(p), effect }],
  }));
  const rows = { reference: 1000, current: 1000 };
  const rejected = { reference: 0, current: 0, severity: "none" } as const;
  return { window, report: { columns: columns as unknown as ColumnDrift[], rows, rejected, concept: null, ...more } };
}

function run(
  looks: readonly (readonly SequentialLook[])[],
  state = sequentialStart(),
): { states: SequentialState[]; decisions: SequentialDecision[] } {
  const states = [state];
  const decisions: SequentialDecision[] = [];
  for (const period of looks) {
    const next = sequentialStep(states[states.length - 1] as SequentialState, period);
    states.push(next.state);
    decisions.push(next.decision);
  }
  return { states, decisions };
}

describe("the allowance", () => {
  it("adds up to no more than the year's, over windows and looks", () => {
    for (const plan of [hourlyPlan, sequentialPlan({ periodsPerYear: 365, windows: [1, 7, 30] })]) {
      for (const severity of ["warning", "critical"] as const) {
        const year = plan.windows.reduce(
          (sum, window) =>
            sum + allowanceOfLook(plan, window, severity) * Math.floor(plan.periodsPerYear / stepOf(window)),
          0,
        );
        expect(year).toBeLessThanOrEqual(plan.falseAlarmsPerYear[severity] + 1e-12);
        expect(year).toBeGreaterThan(0.9 * plan.falseAlarmsPerYear[severity]);
      }
    }
  });

  it("is spent by looks alone, and counted", () => {
    const { states } = run([[look(1, {})], [], [look(1, {}), look(24, {})], [look(7, {})]]);
    const one = allowanceOfLook(hourlyPlan, 1, "critical");
    expect(states.map(({ spent }) => spent.critical)).toEqual([
      0,
      one,
      one,
      2 * one + allowanceOfLook(hourlyPlan, 24, "critical"),
      expect.anything(),
    ]);
    expect(states[4]?.spent).toEqual(states[3]?.spent);
    expect(states[4]?.period).toBe(4);
  });

  it("holds for p-values that depend on each other in any way: at most as many alarms as allowed, on average", () => {
    // All columns and periods share one p-value of a run: the worst dependence there is for a count of alarms.
    const plan = { periodsPerYear: 10, windows: [1], falseAlarmsPerYear: { warning: 4, critical: 0.5 } };
    let alarms = 0;
    const random = uniform(3);
    for (let year = 0; year < 3000; year++) {
      const p = random();
      const { decisions } = run(
        Array.from({ length: 10 }, () => [look(1, { a: { p, effect: 1 } })]),
        sequentialStart(plan),
      );
      alarms += decisions.reduce((sum, { raised }) => sum + raised.length, 0);
    }
    expect(alarms / 3000).toBeLessThanOrEqual(4);
    expect(alarms).toBeGreaterThan(0);
  });
});

describe("alarms", () => {
  const clear = { p: 1e-30, effect: 0.3 };
  const calm = { p: 0.5, effect: 0.01 };

  it("need both: a p-value within its share, and a size", () => {
    const share = allowanceOfLook(hourlyPlan, 1, "critical") / 8;
    const one = (p: number, effect: number) => run([[look(1, { a: { p, effect } })]]).decisions[0]?.severity;
    expect(one(share * 0.99, 0.2)).toBe("critical");
    expect(one(share * 1.01, 0.2)).toBe("warning");
    expect(one(share * 0.99, 0.19)).toBe("warning");
    expect(one(share * 0.99, 0.04)).toBe("none");
    expect(one(1e-4, 1)).toBe("none");
  });

  it("are raised once, stand while the drift goes on, and are cleared by a calm look at the same window", () => {
    const { decisions } = run([
      [look(1, { a: clear, b: calm })],
      [look(1, { a: clear, b: calm })],
      [],
      [look(24, { a: calm, b: calm })],
      [look(1, { a: calm, b: calm })],
      [look(1, { a: calm, b: calm })],
    ]);
    expect(decisions.map(({ raised }) => raised.map(({ column }) => column))).toEqual([["a"], [], [], [], [], []]);
    expect(decisions.map(({ severity }) => severity)).toEqual([
      "critical",
      "critical",
      "critical",
      "critical",
      "none",
      "none",
    ]);
    expect(decisions.map(({ cleared }) => cleared)).toEqual([[], [], [], [], ["a"], []]);
    expect(decisions[0]?.standing[0]).toMatchObject({ since: 1, window: 1, what: "distribution", effect: 0.3 });
    expect(decisions.map(({ message }) => message)).toEqual([
      "New drift: a (critical).",
      ...Array<string>(3).fill("Drift goes on: a (critical)."),
      "No drift.",
      "No drift.",
    ]);
  });

  it("are raised again when a warning becomes critical, and never flap between windows", () => {
    const { decisions } = run([
      [look(24, { a: { p: 1e-30, effect: 0.1 } })],
      [look(1, { a: calm })],
      [look(1, { a: { p: 1e-30, effect: 0.1 } })],
      [look(24, { a: clear })],
      [look(1, { a: calm })],
    ]);
    expect(decisions.map(({ raised }) => raised[0]?.severity)).toEqual([
      "warning",
      undefined,
      undefined,
      "critical",
      undefined,
    ]);
    expect(decisions.map(({ severity }) => severity)).toEqual([
      "warning",
      "warning",
      "warning",
      "critical",
      "critical",
    ]);
  });

  const few = { rows: { reference: 1000, current: 40 } };

  it("stand through a quiet night, which cannot show that the drift is over", () => {
    const { decisions } = run([
      [look(1, { a: clear })],
      [look(1, { a: calm }, few)],
      [look(1, { a: calm }, few)],
      [look(1, { a: clear })],
      [look(1, { a: calm })],
    ]);
    expect(decisions.map(({ raised, cleared }) => [raised.length, cleared.length])).toEqual([
      [1, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 1],
    ]);
  });

  it("are cleared by a longer window that lies after them where the traffic stays low", () => {
    const quiet = Array.from({ length: 24 }, (_, i) =>
      i === 22 || i === 23 ? [look(1, { a: calm }, few), look(24, { a: calm }, few)] : [look(1, { a: calm }, few)],
    );
    const { decisions } = run([[look(1, { a: clear })], ...quiet]);
    expect(decisions.map(({ cleared }) => cleared.length)).toEqual([...Array<number>(24).fill(0), 1]);
  });

  it("are told once: long windows, which hold an incident on and on, do not echo it", () => {
    const calmLook = [look(1, { a: calm })];
    const echo = (found: { p: number; effect: number; what?: Shift["what"] }) => [...calmLook, look(24, { a: found })];
    const after = (late: number, found: Parameters<typeof echo>[0], first = clear) =>
      run([[look(1, { a: first })], ...Array.from({ length: late }, () => calmLook), echo(found)]).decisions.at(-1)
        ?.raised.length;
    expect(run([[look(1, { a: clear })], echo(clear)]).decisions[1]).toMatchObject({ raised: [], cleared: ["a"] });
    expect([after(1, clear), after(22, clear), after(24, clear)]).toEqual([0, 0, 1]);
    // What is worse than what was told, or other, is told.
    expect(after(5, clear, { p: 1e-30, effect: 0.1 })).toBe(1);
    expect(after(5, { ...clear, what: "missing" })).toBe(1);
    expect(after(5, { p: 1e-30, effect: 0.1 })).toBe(0);
  });

  it("are told again by the window that cleared them, which holds the incident no more", () => {
    const at24 = (found: { p: number; effect: number }) => [look(24, { a: found })];
    const { decisions } = run([at24(clear), at24(calm), at24(clear)]);
    expect(decisions.map(({ raised, cleared }) => [raised.length, cleared.length])).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    // A still longer one, which holds the first of them, is an echo.
    expect(run([at24(clear), at24(calm), [look(168, { a: clear })]]).decisions.at(-1)?.raised).toEqual([]);
  });

  it("are cleared in the end at the longest window too, where the traffic has fallen for good", () => {
    const low = (current: number) =>
      Array.from({ length: 60 }, () => [look(720, { a: calm }, { rows: { reference: 1000, current } })]);
    const cleared = (current: number) =>
      run([[look(720, { a: clear })], ...low(current)]).decisions.findIndex(({ cleared }) => cleared.length > 0);
    expect(cleared(300)).toBe(1);
    expect(cleared(200)).toBeGreaterThan(3);
    expect(cleared(200)).toBeLessThan(10);
    // Looks that tell next to nothing leave it as it is for a year and more.
    expect(cleared(1)).toBe(-1);
  });

  it("tell broken rows and concept drift, which no column shows", () => {
    const rejected = { reference: 0, current: 300, severity: "none" } as const;
    const concept = { log10p: -20, log10pBound: -20, effect: 0.2 } as SequentialLook["report"]["concept"];
    const { decisions } = run([[look(1, {}, { rejected, concept })], [look(1, {})]]);
    expect(decisions[0]?.raised.map(({ column, severity }) => [column, severity])).toEqual([
      ["(concept)", "critical"],
      ["(broken rows)", "critical"],
    ]);
    expect(decisions[1]?.cleared).toEqual(["(broken rows)"]);
  });
});

describe("windows", () => {
  const reference = profileTable(tableOf({ x: Array.from({ length: 50 }, (_, i) => i) }), { cutPoints: 8 });
  const hour = (value: number | null): Profile => profileAgainst(reference, tableOf({ x: [value] }));

  it("give each window its last periods, four times in its length, in constant memory", () => {
    let state = startWindows({ windows: [1, 8, 20] });
    const seen: string[] = [];
    for (let period = 1; period <= 60; period++) {
      const added = addPeriod(state, hour(period % 50));
      state = added.state;
      for (const { window, profile } of added.due) seen.push(`${period}:${window}=${profile.rows}`);
      expect(state.windows.map(({ closed }) => closed.length).every((parts) => parts <= 4)).toBe(true);
    }
    expect(seen.filter((entry) => entry.includes(":1="))).toHaveLength(60);
    expect(seen.filter((entry) => entry.includes(":8=")).slice(0, 6)).toEqual([
      "2:8=2",
      "4:8=4",
      "6:8=6",
      "8:8=8",
      "10:8=8",
      "12:8=8",
    ]);
    expect(seen.filter((entry) => entry.includes(":20="))).toHaveLength(12);
    expect(seen.at(-1)).toBe("60:20=20");
  });

  it("equal the profile of all their rows, bit for bit", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: -5, max: 60 })), { minLength: 8, maxLength: 30 }), (values) => {
        let state = startWindows({ windows: [8] });
        for (const [i, value] of values.entries()) {
          const added = addPeriod(state, hour(value));
          state = added.state;
          const last = values.slice(Math.max(0, i - 7), i + 1);
          if ((i + 1) % 2 === 0) expect(added.due[0]?.profile).toEqual(profileAgainst(reference, tableOf({ x: last })));
        }
      }),
      { numRuns: budget(30) },
    );
  });

  it("pass periods without rows", () => {
    let state = startWindows({ windows: [1, 4] });
    for (const profile of [null, hour(1), null, null, null, null]) state = addPeriod(state, profile).state;
    expect(state.windows[1]?.closed).toEqual([null, null, null, null]);
    expect(addPeriod(state, null).due).toEqual([]);
  });
});

describe("saved states", () => {
  it("go on where they were", () => {
    const looks = [[look(1, { a: { p: 1e-30, effect: 0.3 } })], [look(24, { a: { p: 1e-30, effect: 0.3 } })]];
    const { states } = run(looks);
    for (const state of states) expect(parseSequential(JSON.parse(JSON.stringify(state)))).toEqual(state);
    const over = run([[look(1, { a: { p: 1e-30, effect: 0.3 } })], [look(1, { a: { p: 0.5, effect: 0 } })]])
      .states[2] as SequentialState;
    expect(over.ended).toEqual([{ column: "a", what: "distribution", severity: "critical", window: 1, at: 2 }]);
    expect(parseSequential(JSON.parse(JSON.stringify(over)))).toEqual(over);
    expect(() => parseSequential({ ...over, ended: [{ ...over.ended[0], window: -1 }] })).toThrow(/ended\[0\]\.window/);
    expect(parseSequential({ ...over, ended: undefined })).toEqual({ ...over, ended: [] });
    expect(
      run(
        Array.from({ length: 720 }, () => []),
        over,
      ).states.at(-1)?.ended,
    ).toEqual([]);
    const reference = profileTable(tableOf({ x: [1, 2, 3] }));
    const windows = addPeriod(startWindows(), profileAgainst(reference, tableOf({ x: [1] }))).state;
    expect(parseWindows(JSON.parse(JSON.stringify(windows)))).toEqual(windows);
  });

  it("are refused with a path where they are broken, never with another error", () => {
    const good = run([[look(1, { a: { p: 1e-30, effect: 0.3 } })]]).states[1] as SequentialState;
    for (const [path, bad] of [
      ["$", null],
      ["$.format", { ...good, format: 2 }],
      ["$.period", { ...good, period: -1 }],
      ["$.spent.warning", { ...good, spent: { warning: "1", critical: 0 } }],
      ["$.alarms", { ...good, alarms: [good.alarms[0], good.alarms[0]] }],
      ["$.alarms[0].what", { ...good, alarms: [{ ...good.alarms[0], what: "toString" }] }],
      ["$.alarms[0].severity", { ...good, alarms: [{ ...good.alarms[0], severity: "none" }] }],
      ["$.alarms[0].column", { ...good, alarms: [{ ...good.alarms[0], column: 1 }] }],
      ["$.ended[0].at", { ...good, ended: [{ column: "a", what: "psi", severity: "warning", at: -1 }] }],
      ["$.plan.windows", { ...good, plan: { ...good.plan, windows: "1" } }],
    ] as const) {
      expect(() => parseSequential(bad), path).toThrow(new RegExp(`malformed: ${path.replace(/[$.[\]]/g, "\\$&")}`));
    }
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const parse of [parseSequential, parseWindows]) {
          try {
            parse(json);
          } catch (error) {
            expect(ChurnkitError.isInstance(error)).toBe(true);
          }
        }
      }),
    );
    expect(() => parseWindows({ format: 1, period: 0, windows: [{ length: 0, open: null, closed: [] }] })).toThrow(
      /windows/,
    );
  });

  it.each([
    { periodsPerYear: 0 },
    { periodsPerYear: Number.NaN },
    { windows: [] },
    { windows: [4, 2] },
    { windows: [0.5] },
    { windows: [1, 1e9] },
    { falseAlarmsPerYear: { warning: 0, critical: 0 } },
    { falseAlarmsPerYear: { warning: 1, critical: 2 } },
  ])("refuse the plan %j", (plan) => expect(() => sequentialPlan(plan)).toThrow(/plan's/));
});

describe("a monitor over half a year", () => {
  it("raises no alarm on unchanged data, and soon finds a drift", { timeout: 30_000 }, () => {
    const random = uniform(11);
    const rows = (n: number, shift: number) =>
      tableOf({
        x: Array.from({ length: n }, () => random() + random() + random() + shift),
        heap: Array.from({ length: n }, () => (random() < 0.4 ? 0 : random() ** 3)),
        plan: Array.from({ length: n }, () => `p${Math.floor(4 * random())}`),
      });
    const plan = { periodsPerYear: 366, windows: [1, 7, 28] };
    const reference = profileTable(rows(3000, 0), { cutPoints: 32 });
    let windows = startWindows(plan);
    let state = sequentialStart(plan);
    let raised = 0;
    const day = (shift: number): SequentialDecision => {
      const added = addPeriod(windows, profileAgainst(reference, rows(60, shift)));
      const looks = added.due.map(({ window, profile }) => ({ window, report: compareProfiles(reference, profile) }));
      const next = sequentialStep(state, looks);
      windows = added.state;
      state = next.state;
      return next.decision;
    };
    for (let period = 0; period < 183; period++) raised += day(0).raised.length;
    expect(raised).toBe(0);
    let delay = 1;
    while (day(0.3).severity === "none") delay++;
    expect(delay).toBeLessThanOrEqual(7);
    expect(state.alarms.map(({ column }) => column)).toEqual(["x"]);
  });
});
