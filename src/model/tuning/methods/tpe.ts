import { log } from "../../../base/elementary.js";
import { placeOf, valueAt, type OptionValue } from "../space/axis.js";
import type { SearchRange } from "../space/search-space.js";
import { drawPoint, drawValues, learningLag, randomOf, type Method, type Point, type Spaces } from "./method.js";
import { parzen } from "./parzen.js";

/** Points drawn evenly before the search has something to go by; also for each learner. */
const startPoints = 10;
const startOfLearner = 5;
/** Values drawn from the good ones' density, of which the most promising is taken. */
const candidates = 24;

interface Tried {
  readonly point: Point;
  readonly loss: number;
}

/**
 * Tree-structured Parzen estimator (Bergstra et al., Algorithms for hyper-parameter optimization, 2011): of each option, the
 * value that is likeliest among the good trials compared with the others. The learner is the first choice, and its own
 * options follow from its own trials.
 */
export function tpe(spaces: Spaces, trials: number, seed: number): Method {
  return {
    lag: learningLag,
    next(points, losses) {
      if (points.length >= trials) return undefined;
      const random = randomOf(seed, points.length);
      const tried = losses.map((loss, i): Tried => ({ point: points[i] as Point, loss }));
      if (tried.length < startPoints) return drawPoint(spaces, random);
      const searched = promising(tried, ({ searched }) => searched, spaces.length, random);
      const own = tried.filter(({ point }) => point.searched === searched);
      const space = spaces[searched] ?? {};
      if (own.length < startOfLearner) return { searched, values: drawValues(space, random), share: 1 };
      const values = Object.entries(space).map(([name, range]) => [name, nextValue(own, name, range, random)] as const);
      return { searched, values: Object.fromEntries(values), share: 1 };
    },
  };
}

/** The good trials: a tenth, at least one and at most 25. */
function parted(tried: readonly Tried[]): { readonly good: readonly Tried[]; readonly others: readonly Tried[] } {
  const sorted = tried.map((one, i) => ({ one, i })).sort((a, b) => compare(a.one.loss, b.one.loss) || a.i - b.i);
  const count = Math.min(25, Math.ceil(0.1 * tried.length));
  const all = sorted.map(({ one }) => one);
  return { good: all.slice(0, count), others: all.slice(count) };
}

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** The number of a choice, by how often it is among the good trials and the others. */
function promising(
  tried: readonly Tried[],
  of: (point: Point) => number,
  choices: number,
  random: () => number,
): number {
  const { good, others } = parted(tried);
  const shares = (part: readonly Tried[]): number[] => {
    const counts = Array.from({ length: choices }, () => 1);
    for (const { point } of part) counts[of(point)] = (counts[of(point)] ?? 0) + 1;
    return counts.map((count) => count / (part.length + choices));
  };
  const [likely, otherwise] = [shares(good), shares(others)];
  const draw = (): number => {
    let left = random();
    const found = likely.findIndex((share) => (left -= share) < 0);
    return found < 0 ? choices - 1 : found;
  };
  return best(draw, (choice) => log(likely[choice] ?? 1) - log(otherwise[choice] ?? 1));
}

function nextValue(own: readonly Tried[], name: string, range: SearchRange, random: () => number): OptionValue {
  if (range.kind === "choice") {
    const place = promising(own, ({ values }) => range.values.indexOf(values[name] ?? ""), range.values.length, random);
    return range.values[place] ?? valueAt(range, 0);
  }
  const { good, others } = parted(own);
  const places = (part: readonly Tried[]): number[] =>
    part.map(({ point }) => placeOf(range, Number(point.values[name])));
  const [likely, otherwise] = [parzen(places(good)), parzen(places(others))];
  return valueAt(
    range,
    best(
      () => likely.draw(random),
      (x) => likely.logAt(x) - otherwise.logAt(x),
    ),
  );
}

/** Of some candidates the one with the highest value, the first of equal ones. */
function best(draw: () => number, value: (candidate: number) => number): number {
  let found = draw();
  let highest = value(found);
  for (let i = 1; i < candidates; i++) {
    const candidate = draw();
    const own = value(candidate);
    if (!(own > highest)) continue;
    found = candidate;
    highest = own;
  }
  return found;
}
