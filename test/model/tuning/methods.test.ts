import { describe, expect, it } from "vitest";
import { asha } from "../../../src/model/tuning/methods/asha.js";
import { grid, randomSearch } from "../../../src/model/tuning/methods/grid.js";
import type { Method, Point, Spaces } from "../../../src/model/tuning/methods/method.js";
import { parzen } from "../../../src/model/tuning/methods/parzen.js";
import { tpe } from "../../../src/model/tuning/methods/tpe.js";
import { gridOf, placeOf, valueAt } from "../../../src/model/tuning/space/axis.js";
import { uniform } from "../../../src/base/random.js";

/** Asks a method for its points one after the other, with all losses known that it needs. */
function follow(method: Method, lossOf: (point: Point) => number): { points: Point[]; losses: number[] } {
  const points: Point[] = [];
  const losses: number[] = [];
  for (;;) {
    let point: Point | undefined;
    for (let known = Math.max(0, points.length - method.lag + 1); ; known++) {
      point = method.next(points, losses.slice(0, known));
      if (point !== undefined || known >= points.length) break;
    }
    if (point === undefined) return { points, losses };
    points.push(point);
    losses.push(lossOf(point));
  }
}

describe("axes", () => {
  it.each([
    [{ kind: "real", min: 1e-4, max: 1, scale: "log" }, 0.5, 0.01],
    [{ kind: "real", min: 1e-4, max: 1 }, 0.5, 0.01],
    [{ kind: "real", min: 1, max: 3 }, 0.5, 2],
    [{ kind: "real", min: 0, max: 0.99, scale: "reverseLog" }, 0.5, 0.9],
    [{ kind: "integer", min: 1, max: 4 }, 0.999, 4],
    [{ kind: "integer", min: 1, max: 4 }, 0.24, 1],
    [{ kind: "choice", values: ["a", "b", "c"] }, 0.67, "c"],
  ] as const)("%j at %d is %j", (range, u, value) => {
    const drawn = valueAt(range, u);
    if (typeof value === "number") expect(drawn).toBeCloseTo(value, 10);
    else expect(drawn).toBe(value);
    if (range.kind === "real") expect(placeOf(range, Number(drawn))).toBeCloseTo(u, 3);
  });

  it("draw every whole number about as often", () => {
    const counts = new Map<unknown, number>();
    for (let i = 0; i < 5000; i++) {
      const value = valueAt({ kind: "integer", min: 1, max: 5 }, (i + 0.5) / 5000);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts]).toEqual([1, 2, 3, 4, 5].map((value) => [value, 1000]));
  });

  it("have grids with both ends", () => {
    expect(gridOf({ kind: "real", min: 0.01, max: 100, steps: 5 })).toEqual([0.01, 0.1, 1, 10, 100]);
    expect(gridOf({ kind: "integer", min: 1, max: 3 })).toEqual([1, 2, 3]);
    expect(gridOf({ kind: "real", min: 0, max: 1, steps: 3 })).toEqual([0, 0.5, 1]);
  });
});

describe("grid", () => {
  const spaces: Spaces = [
    { a: { kind: "choice", values: ["x", "y"] }, b: { kind: "integer", min: 1, max: 3 } },
    {},
    { c: { kind: "real", min: 0, max: 1, steps: 2 } },
  ];

  it("tries exactly every combination of every learner, the last option fastest", () => {
    const { points } = follow(grid(spaces), () => 0);
    expect(points.map(({ searched, values }) => [searched, values])).toEqual([
      [0, { a: "x", b: 1 }],
      [0, { a: "x", b: 2 }],
      [0, { a: "x", b: 3 }],
      [0, { a: "y", b: 1 }],
      [0, { a: "y", b: 2 }],
      [0, { a: "y", b: 3 }],
      [1, {}],
      [2, { c: 0 }],
      [2, { c: 1 }],
    ]);
    expect(follow(grid(spaces, 4), () => 0).points).toEqual(points.slice(0, 4));
  });

  it("refuses more points than anybody would try", () => {
    const wide = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`o${i}`, { kind: "real", min: 0, max: 1 }]));
    expect(() => grid([wide as Spaces[number]])).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("parzen", () => {
  it("is a density on [0, 1] that is high where the places are", () => {
    const density = parzen([0.1, 0.12, 0.11]);
    let sum = 0;
    for (let i = 0; i < 1000; i++) sum += Math.exp(density.logAt((i + 0.5) / 1000)) / 1000;
    expect(sum).toBeCloseTo(1, 3);
    expect(density.logAt(0.11)).toBeGreaterThan(density.logAt(0.6));
    const random = uniform(1);
    const drawn = Array.from({ length: 1000 }, () => density.draw(random));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1);
    expect(drawn.filter((x) => x < 0.3).length).toBeGreaterThan(500);
  });
});

describe("TPE", () => {
  const square = (x: number): number => x * x;
  const spaces: Spaces = [
    {
      rate: { kind: "real", min: 1e-5, max: 1, scale: "log" },
      share: { kind: "real", min: 0, max: 1 },
      size: { kind: "integer", min: 1, max: 100 },
      form: { kind: "choice", values: ["a", "b", "c", "d"] },
    },
  ];
  const bowl = ({ values: { rate, share, size, form } }: Point): number =>
    square(Math.log10(Number(rate)) + 2) +
    4 * square(Number(share) - 0.3) +
    square((Number(size) - 70) / 40) +
    (form === "c" ? 0 : 0.5);
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const bestOf = (method: Method): number => Math.min(...follow(method, bowl).losses);
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;

  it("finds the lowest point of a bowl far sooner than chance", () => {
    const learned = median(seeds.map((seed) => bestOf(tpe(spaces, 60, seed))));
    const drawn = median(seeds.map((seed) => bestOf(randomSearch(spaces, 60, seed))));
    const drawnLonger = median(seeds.map((seed) => bestOf(randomSearch(spaces, 240, seed))));
    expect(learned).toBeLessThan(drawn / 3);
    expect(learned).toBeLessThan(drawnLonger);
  });

  it("finds the better learner, and searches its options only", () => {
    const two: Spaces = [{ x: { kind: "real", min: 0, max: 1 } }, { y: { kind: "real", min: 0, max: 1 } }];
    const { points } = follow(tpe(two, 60, 3), ({ searched, values }) =>
      searched === 0 ? 1 + Number(values["x"]) : square(Number(values["y"]) - 0.8),
    );
    const late = points.slice(30);
    expect(late.filter(({ searched }) => searched === 1).length).toBeGreaterThan(20);
    const near = late.filter(({ values }) => Math.abs(Number(values["y"]) - 0.8) < 0.2);
    expect(near.length).toBeGreaterThan(15);
    for (const { searched, values } of points) expect(Object.keys(values)).toEqual([searched === 0 ? "x" : "y"]);
  });

  it("goes on where trials fail", () => {
    const { points, losses } = follow(tpe(spaces, 40, 1), (point) =>
      point.values["form"] === "c" ? Infinity : bowl(point),
    );
    expect(points).toHaveLength(40);
    expect(losses.slice(20).filter((loss) => loss === Infinity).length).toBeLessThan(8);
    expect(follow(tpe(spaces, 15, 1), () => Infinity).points).toHaveLength(15);
  });
});

describe("ASHA", () => {
  const spaces: Spaces = [{ x: { kind: "real", min: 0, max: 1 } }];
  // More epochs lower the loss of all alike.
  const loss = ({ values, share }: Point): number => Number(values["x"]) - share;
  const { points, losses } = follow(asha(spaces, 27, 5), loss);
  const rung = (share: number): number[] =>
    points.filter((point) => point.share === share).map(({ values }) => Number(values["x"]));

  it("begins all with few epochs, and gives about a third of each rung three times as many", () => {
    expect(rung(1 / 27)).toHaveLength(27);
    expect(rung(1 / 9).length).toBeGreaterThanOrEqual(9);
    expect(rung(1 / 9).length).toBeLessThan(14);
    expect(rung(1 / 3).length).toBeLessThan(rung(1 / 9).length);
    expect(rung(1).length).toBeGreaterThanOrEqual(1);
    expect(points.length).toBe(losses.length);
  });

  it("promotes nobody twice, only from the rung below, and the best of all in the end", () => {
    for (const share of [1 / 9, 1 / 3, 1]) {
      const promoted = rung(share);
      expect(new Set(promoted).size).toBe(promoted.length);
      for (const x of promoted) expect(rung(share / 3)).toContain(x);
    }
    expect(rung(1)).toContain(Math.min(...rung(1 / 27)));
  });

  it("goes by what is known at a point of the search, not by what is done", () => {
    const method = asha(spaces, 27, 5);
    const three = points.slice(0, 3);
    expect(method.next(three, [0.5, 0.2])?.share).toBe(1 / 27);
    expect(method.next(three, [0.5, 0.2, 0.9])).toEqual({ ...three[1], share: 1 / 9 });
    expect(method.next([...three, { ...(three[1] as Point), share: 1 / 9 }], [0.5, 0.2, 0.9])?.share).toBe(1 / 27);
  });

  it("brings one to the end where there are too few for thirds, and leaves failed ones behind", () => {
    const few = follow(asha(spaces, 2, 5), (point) => (point.values["x"] === rung(1 / 27)[0] ? Infinity : 1));
    expect(few.points.map(({ share }) => share)).toEqual([1 / 27, 1 / 27, 1 / 9, 1 / 3, 1]);
    expect(new Set(few.points.slice(1).map(({ values }) => values["x"])).size).toBe(1);
    expect(follow(asha(spaces, 4, 5), () => Infinity).points).toHaveLength(4);
  });
});
