// Customers of 20 columns, and nine kinds of drift that can be injected into one of them.

export function seeded(seed) {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bf03635) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
  };
}

function normal(random) {
  for (;;) {
    const [x, y] = [2 * random() - 1, 2 * random() - 1];
    const s = x * x + y * y;
    if (s > 0 && s < 1) return x * Math.sqrt((-2 * Math.log(s)) / s);
  }
}

const PLANS = ["Month-to-month", "One year", "Two year", "Trial", "Other"];
const SHARES = [0.4, 0.65, 0.85, 0.95, 1];
const planOf = (u) => SHARES.findIndex((share) => u < share);

/**
 * The drifts: the column each is injected into, and its sizes. `value` scales it: standard deviations of mean, factor of
 * spread, share of rows, factor of a unit, or change of the churn rate.
 */
export const drifts = [
  { kind: "mean", column: "amount 1", sizes: [0.1, 0.2, 0.5].map((value) => ({ value, text: `${value} standard deviations` })) },
  { kind: "variance", column: "amount 1", sizes: [1.2, 1.5, 2].map((value) => ({ value, text: `spread x ${value}` })) },
  { kind: "shape", column: "amount 1", sizes: [0.3, 0.6, 1].map((value) => ({ value, text: `${100 * value} % two-humped, same mean and spread` })) },
  { kind: "missing", column: "amount 1", sizes: [0.02, 0.05, 0.2].map((value) => ({ value, text: `${100 * value} % more missing` })) },
  { kind: "new level", column: "plan 1", sizes: [0.01, 0.03, 0.1].map((value) => ({ value, text: `${100 * value} % of the rows` })) },
  { kind: "level swap", column: "plan 1", sizes: [0.1, 0.3, 1].map((value) => ({ value, text: `${100 * value} % of two levels' rows` })) },
  { kind: "unit change", column: "amount 1", sizes: [0.1, 0.5, 1].map((value) => ({ value, text: `x 100 in ${100 * value} % of the rows` })) },
  { kind: "label", column: "churn", sizes: [0.05, 0.1, 0.2].map((value) => ({ value, text: `churn rate + ${100 * value} points` })) },
  { kind: "concept", column: "(concept)", sizes: [0.1, 0.2, 0.4].map((value) => ({ value, text: `${100 * value} points from high to low probability` })) },
];

const base = { role: "feature", nullable: true, optional: false, missing: [] };
const numeric = Array.from({ length: 14 }, (_, i) => `amount ${i + 1}`);
const plans = Array.from({ length: 5 }, (_, i) => `plan ${i + 1}`);
const contract = {
  format: 1,
  name: "drifts",
  origin: "inferred",
  columns: [
    ...numeric.map((name) => ({ ...base, name, kind: "number", integer: false })),
    ...plans.map((name) => ({ ...base, name, kind: "category", levels: PLANS, open: true })),
    { ...base, name: "churn", role: "target", kind: "category", levels: ["No", "Yes"], open: false },
  ],
  target: { column: "churn", classes: ["No", "Yes"], positive: "Yes" },
};

/** A number of one of three shapes: normal, skewed, whole. */
const drawNumber = (random, i) =>
  i % 3 === 0 ? 50 + 10 * normal(random) : i % 3 === 1 ? 60 * -Math.log(1 - random()) : Math.floor(72 * random());

/** A table of n rows with labels and the probabilities that a perfect model of the unchanged customers gives. */
export function makeTable(random, n, drift) {
  const { kind, size } = drift ?? {};
  const columns = new Map();
  numeric.forEach((name, i) => {
    const values = new Float64Array(n);
    for (let row = 0; row < n; row++) {
      let value = drawNumber(random, i);
      if (i === 0) value = moved(value, kind, size, random);
      values[row] = random() < 0.02 ? Number.NaN : value;
    }
    columns.set(name, { storage: "numeric", values });
  });
  plans.forEach((name, i) => {
    const codes = new Int32Array(n);
    for (let row = 0; row < n; row++) {
      let code = planOf(random());
      if (i === 0 && kind === "new level" && random() < size) code = 5;
      // Two levels, of 40 % and 20 % of the rows, change places.
      if (i === 0 && kind === "level swap" && random() < size) code = code === 0 ? 2 : code === 2 ? 0 : code;
      codes[row] = code;
    }
    columns.set(name, { storage: "coded", codes, levels: [...PLANS, "Loyalty"] });
  });
  const probabilities = Float64Array.from({ length: n }, () => 0.05 + 0.6 * random() ** 2);
  const labels = Int8Array.from(probabilities, (p) => (random() < rateOf(p, kind, size) ? 1 : 0));
  columns.set("churn", { storage: "coded", codes: Int32Array.from(labels), levels: ["No", "Yes"] });
  const table = { contract, rows: n, columns, rowNumbers: new Uint32Array(n), rejected: [], source: "drifts" };
  return { table, labels, probabilities };
}

function moved(value, kind, size, random) {
  const z = (value - 50) / 10;
  if (kind === "mean") return value + 10 * size;
  if (kind === "variance") return 50 + 10 * size * z;
  if (kind === "shape") return random() < size ? 50 + 10 * ((random() < 0.5 ? -0.95 : 0.95) + 0.3122 * z) : value;
  if (kind === "missing") return random() < size ? Number.NaN : value;
  if (kind === "unit change") return random() < size ? 100 * value : value;
  return value;
}

/** Label drift raises every rate; concept drift moves churn from likely churners to others, and leaves the mean rate alone. */
function rateOf(p, kind, size) {
  if (kind === "label") return Math.min(1, p + size);
  if (kind === "concept") return Math.max(0, Math.min(1, p + (p < 0.2 ? size / 2 : -size / 2)));
  return p;
}
