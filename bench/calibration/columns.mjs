// Columns of several shapes, each a function of one uniform number, so that one shift moves them all alike: a tenth of the rows
// go to the upper half, which is D = 0.05. As rows in a table, and as counts in a profile.
import { binomial, gamma, multinomial } from "./random.mjs";

const MISSING = { same: 0.03, moved: 0.05 };
const NEW_LEVEL = 0.01;
const CUTS = 1024;

/** Values of a number column. `continuous` from `heap` on, discrete otherwise. */
const numbers = {
  smooth: { of: (u) => u, heap: 0 },
  "skewed, 40 % zeros": { of: (u) => (u < 0.4 ? 0 : (u - 0.4) ** 4), heap: 0.4 },
  "30 values": { of: (u) => Math.floor(30 * u ** 1.5), values: 30, edge: (v) => (v / 30) ** (1 / 1.5) },
  "4 values": { of: (u) => Math.floor(4 * u), values: 4, edge: (v) => v / 4 },
};
/** Levels of a category: by how many, and where one begins. */
const categories = {
  "2 levels, one rare": { levels: 2, edge: (v) => [0, 0.9, 1][v] },
  "6 levels": { levels: 6, edge: (v) => Math.sqrt(v / 6) },
  "400 levels": { levels: 400, edge: (v) => Math.sqrt(v / 400) },
};
export const names = [...Object.keys(numbers), ...Object.keys(categories)];

const base = { role: "feature", nullable: true, optional: false, missing: [] };
const contract = {
  format: 1,
  name: "calibration",
  origin: "inferred",
  columns: [
    ...Object.keys(numbers).map((name) => ({ ...base, name, kind: "number", integer: false })),
    ...Object.keys(categories).map((name) => ({ ...base, name, kind: "category", levels: [], open: true })),
  ],
};

/** A table of n rows, moved or not. */
export function table(random, n, moved) {
  const draw = () => (moved && random() < 0.1 ? 0.5 + random() / 2 : random());
  const missing = moved ? MISSING.moved : MISSING.same;
  const columns = new Map();
  for (const [name, { of }] of Object.entries(numbers)) {
    const values = Float64Array.from({ length: n }, () => (random() < missing ? Number.NaN : of(draw())));
    columns.set(name, { storage: "numeric", values });
  }
  for (const [name, { levels, edge }] of Object.entries(categories)) {
    const edges = Array.from({ length: levels }, (_, level) => edge(level + 1));
    const all = [...edges.map((_, level) => `level ${level}`), "new level"];
    const codes = Int32Array.from({ length: n }, () => {
      if (random() < missing) return -1;
      if (moved && random() < NEW_LEVEL) return levels;
      const u = draw();
      let [low, high] = [0, levels - 1];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (u < edges[middle]) high = middle;
        else low = middle + 1;
      }
      return low;
    });
    columns.set(name, { storage: "coded", codes, levels: all });
  }
  return { contract, rows: n, columns, rowNumbers: new Uint32Array(n), rejected: [], source: "calibration" };
}

/** The mass of [from, to] of the uniform number, moved or not. */
const massOf = (from, to, moved) => (moved ? 0.9 * (to - from) + 0.2 * (Math.max(0.5, to) - Math.max(0.5, from)) : to - from);

/** A pair of profiles, as counting n and n rows would give: the reference's, and the current one's. */
export function profiles(random, n, moved) {
  const columns = [];
  const missing = (rate) => binomial(random, n, rate);
  const both = (name, reference, current) => columns.push([{ name, ...reference }, { name, ...reference, ...current }]);
  for (const [name, shape] of Object.entries(numbers)) {
    const gone = { missing: missing(MISSING.same) };
    const later = { missing: missing(moved ? MISSING.moved : MISSING.same) };
    const { cuts, counts, masses } =
      shape.values === undefined ? continuous(random, n - gone.missing, shape.heap) : discrete(random, n - gone.missing, shape);
    let from = 0;
    const movedMasses = masses.map((mass) => massOf(from, (from += mass), moved));
    const frozen = { kind: "number", cuts, deciles: decilesOf(cuts, counts), min: cuts[0], max: cuts.at(-1), moments: { origin: 0, sum: "0p0", squares: "0p0" } };
    both(name, { ...frozen, ...gone, counts }, { ...later, counts: multinomial(random, n - later.missing, movedMasses) });
  }
  for (const [name, { levels, edge }] of Object.entries(categories)) {
    const gone = { missing: missing(MISSING.same) };
    const later = { missing: missing(moved ? MISSING.moved : MISSING.same) };
    const masses = (shifted) => Array.from({ length: levels }, (_, level) => massOf(level === 0 ? 0 : edge(level), edge(level + 1), shifted));
    const fresh = moved ? binomial(random, n - later.missing, NEW_LEVEL) : 0;
    const before = multinomial(random, n - gone.missing, masses(false));
    const after = multinomial(random, n - later.missing - fresh, masses(moved));
    const met = before.map((count, level) => (count > 0 ? level : -1)).filter((level) => level >= 0);
    const pick = (counts) => met.map((level) => counts[level]);
    const other = fresh + after.reduce((sum, count, level) => sum + (before[level] === 0 ? count : 0), 0);
    const frozen = { kind: "category", levels: met.map((level) => `level ${level}`), newLevels: [] };
    both(name, { ...frozen, ...gone, counts: pick(before), other: 0 }, { ...later, counts: pick(after), other });
  }
  const profile = (place) => ({ format: 1, rows: n, columns: columns.map((pair) => pair[place]) });
  return [profile(0), profile(1)];
}

/** Every value is a cut point; cells between them are empty. */
function discrete(random, n, { values, edge }) {
  const pmf = Array.from({ length: values }, (_, v) => edge(v + 1) - edge(v));
  const found = multinomial(random, n, pmf);
  const cuts = found.map((count, v) => (count > 0 ? v : -1)).filter((v) => v >= 0);
  // A value that the reference doesn't hold falls between its neighbours.
  const counts = new Array(2 * cuts.length + 1).fill(0);
  const masses = new Array(2 * cuts.length + 1).fill(0);
  let place = 0;
  pmf.forEach((mass, v) => {
    if (found[v] > 0) {
      counts[2 * place + 1] = found[v];
      masses[2 * place + 1] = mass;
      place++;
    } else masses[2 * place] += mass;
  });
  return { cuts, counts, masses };
}

/** Cut points at equal steps of rank of n uniform values: the masses between order statistics are a Dirichlet's. */
function continuous(random, n, heap) {
  const zeros = heap === 0 ? 0 : binomial(random, n, heap);
  const left = n - zeros;
  const ranks = Array.from({ length: CUTS }, (_, i) => Math.round((i * (left - 1)) / (CUTS - 1)));
  const masses = [];
  const counts = [];
  ranks.forEach((rank, i) => {
    const gap = i === 0 ? 1 : rank - ranks[i - 1];
    masses.push(gamma(random, gap), 0);
    counts.push(gap - 1, 1);
  });
  masses.push(gamma(random, 1));
  counts.push(0);
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const scaled = masses.map((mass) => ((1 - heap) * mass) / total);
  if (heap === 0) return { cuts: ranks.map((_, i) => i + 1), counts, masses: scaled };
  return { cuts: [0, ...ranks.map((_, i) => i + 1)], counts: [0, zeros, ...counts], masses: [0, heap, ...scaled] };
}

/** The cut points at or above each tenth of the rows. */
function decilesOf(cuts, counts) {
  const n = counts.reduce((sum, count) => sum + count, 0);
  const found = [];
  let before = 0;
  counts.forEach((count, cell) => {
    before += count;
    while (cell % 2 === 1 && found.length < 9 && before >= ((found.length + 1) * n) / 10) found.push(cuts[(cell - 1) / 2]);
  });
  return [...new Set(found)];
}
