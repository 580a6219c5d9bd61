// Columns of several shapes, each a function of one uniform number, so that one shift moves them all alike: a share 2 d of the
// rows go to the upper half, which is a Kolmogorov-Smirnov D of d. As rows in a table, and as counts in a profile.
import { binomial, gamma, multinomial, sortedUniforms } from "./random.mjs";

/** What else a shift of d brings: a higher share of missing values, and rows with a level never seen. */
const missingAt = (d) => 0.03 + 0.35 * d;
const newLevelAt = (d) => d / 5;
const CUTS = 1024;

/** Number columns: `continuous` from `heap` on, or of so many `values`, each of which ends at an `edge`. */
const numbers = {
  smooth: { of: (u) => u, heap: 0 },
  "skewed, 40 % zeros": { of: (u) => (u < 0.4 ? 0 : (u - 0.4) * (u - 0.4)), heap: 0.4 },
  "30 values": { of: (u) => Math.floor(30 * u * Math.sqrt(u)), values: 30, edge: (v) => (v / 30) ** (1 / 1.5) },
  "4 values": { of: (u) => Math.floor(4 * u), values: 4, edge: (v) => v / 4 },
};
/** Levels of a category: how many, and where one begins. */
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

/** The uniform number that a shift of d makes of one. */
const movedTo = (u, d) => (u < 0.5 - d ? u / (1 - 2 * d) : 0.5 + (u - 0.5 + d) / (1 + 2 * d));
/** The mass of [from, to] of the uniform number under a shift of d. */
const massOf = (from, to, d) => (1 - 2 * d) * (to - from) + 4 * d * (Math.max(0.5, to) - Math.max(0.5, from));

/** n values of a number column in increasing order. */
export function valuesOf(random, name, n, d) {
  const { of } = numbers[name];
  return sortedUniforms(random, n).map((u) => of(movedTo(u, d)));
}

/** Rows of the categories' levels: those known, and one never seen. */
function levelRows(random, { levels, edge }, n, d) {
  const fresh = d === 0 ? 0 : binomial(random, n, newLevelAt(d));
  const masses = Array.from({ length: levels }, (_, level) => massOf(edge(level), edge(level + 1), d));
  return { known: multinomial(random, n - fresh, masses), fresh };
}

/** A table of n rows; the order of its rows tells nothing. */
export function table(random, n, d) {
  const columns = new Map();
  for (const name of Object.keys(numbers)) {
    const missing = binomial(random, n, missingAt(d));
    const values = new Float64Array(n).fill(Number.NaN);
    values.set(valuesOf(random, name, n - missing, d));
    columns.set(name, { storage: "numeric", values });
  }
  for (const [name, shape] of Object.entries(categories)) {
    const { known, fresh } = levelRows(random, shape, n - binomial(random, n, missingAt(d)), d);
    const codes = new Int32Array(n).fill(-1);
    let row = 0;
    [...known, fresh].forEach((count, code) => codes.fill(code, row, (row += count)));
    columns.set(name, { storage: "coded", codes, levels: [...known.map((_, level) => `level ${level}`), "new level"] });
  }
  return { contract, rows: n, columns, rowNumbers: new Uint32Array(n), rejected: [], source: "calibration" };
}

/** A pair of profiles, as counting n and n rows would give: the reference's, and the current one's, moved by d. */
export function profiles(random, n, d) {
  const pairs = [];
  const both = (name, reference, current) =>
    pairs.push([
      { name, ...reference },
      { name, ...reference, ...current },
    ]);
  for (const [name, shape] of Object.entries(numbers)) {
    const before = { missing: binomial(random, n, missingAt(0)) };
    const after = { missing: binomial(random, n, missingAt(d)) };
    const { cuts, counts, masses } =
      shape.values === undefined
        ? continuous(random, n - before.missing, shape.heap)
        : discrete(random, n - before.missing, shape);
    let from = 0;
    const moved = masses.map((mass) => massOf(from, (from += mass), d));
    const frozen = {
      kind: "number",
      cuts,
      deciles: decilesOf(cuts, counts),
      min: cuts[0],
      max: cuts.at(-1),
      moments: { origin: 0, sum: "0p0", squares: "0p0" },
    };
    both(name, { ...frozen, ...before, counts }, { ...after, counts: multinomial(random, n - after.missing, moved) });
  }
  for (const [name, shape] of Object.entries(categories)) {
    const before = { missing: binomial(random, n, missingAt(0)) };
    const after = { missing: binomial(random, n, missingAt(d)) };
    const reference = levelRows(random, shape, n - before.missing, 0).known;
    const { known, fresh } = levelRows(random, shape, n - after.missing, d);
    const met = reference.flatMap((count, level) => (count > 0 ? [level] : []));
    const other = fresh + known.reduce((sum, count, level) => sum + (reference[level] === 0 ? count : 0), 0);
    const frozen = { kind: "category", levels: met.map((level) => `level ${level}`), newLevels: [] };
    both(
      name,
      { ...frozen, ...before, counts: met.map((level) => reference[level]), other: 0 },
      { ...after, counts: met.map((level) => known[level]), other },
    );
  }
  return [0, 1].map((place) => ({ format: 1, rows: n, columns: pairs.map((pair) => pair[place]) }));
}

/** Every value is a cut point; cells between them are empty. */
function discrete(random, n, { values, edge }) {
  const pmf = Array.from({ length: values }, (_, v) => edge(v + 1) - edge(v));
  const found = multinomial(random, n, pmf);
  const cuts = found.map((count, v) => (count > 0 ? v : -1)).filter((v) => v >= 0);
  // A value that the reference doesn't hold falls between its neighbors.
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
    while (cell % 2 === 1 && found.length < 9 && before >= ((found.length + 1) * n) / 10)
      found.push(cuts[(cell - 1) / 2]);
  });
  return [...new Set(found)];
}
