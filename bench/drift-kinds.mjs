// Customers of 20 columns, and nine kinds of drift that can be injected into one of them.
import { normal } from "./calibration/random.mjs";

const PLANS = ["Month-to-month", "One year", "Two year", "Trial", "Other"];
const SHARES = [0.4, 0.65, 0.85, 0.95, 1];
const planOf = (u) => SHARES.findIndex((share) => u < share);

/**
 * The drifts: the column each is injected into, and its sizes. `value` scales it: standard deviations of mean, factor of
 * spread, share of rows, or change of the churn rate.
 */
export const drifts = [
  {
    kind: "mean",
    column: "amount 1",
    sizes: [0.1, 0.2, 0.5].map((value) => ({ value, text: `${value} standard deviations` })),
  },
  { kind: "variance", column: "amount 1", sizes: [1.2, 1.5, 2].map((value) => ({ value, text: `spread x ${value}` })) },
  {
    kind: "shape",
    column: "amount 1",
    sizes: [0.3, 0.6, 1].map((value) => ({ value, text: `${100 * value} % two-humped, same mean and spread` })),
  },
  {
    kind: "missing",
    column: "amount 1",
    sizes: [0.03, 0.05, 0.2].map((value) => ({ value, text: `${100 * value} % more missing` })),
  },
  {
    kind: "new level",
    column: "plan 1",
    sizes: [0.02, 0.05, 0.2].map((value) => ({ value, text: `${100 * value} % of the rows` })),
  },
  {
    kind: "level swap",
    column: "plan 1",
    sizes: [0.1, 0.3, 1].map((value) => ({ value, text: `${100 * value} % of two levels' rows` })),
  },
  {
    kind: "unit change",
    column: "amount 1",
    sizes: [0.1, 0.5, 1].map((value) => ({ value, text: `x 100 in ${100 * value} % of the rows` })),
  },
  {
    kind: "label",
    column: "churn",
    sizes: [0.07, 0.1, 0.2].map((value) => ({ value, text: `churn rate + ${Math.round(100 * value)} points` })),
  },
  {
    kind: "concept",
    column: "(concept)",
    sizes: [0.25, 0.5, 1].map((value) => ({ value, text: `${100 * value} % of outcomes by the mean rate alone` })),
  },
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

/**
 * What makes customers churn: two numbers and a category, none of them a column that drifts are injected into, so that the
 * other columns, the label and the probabilities stay as they were.
 */
function probabilityOf(columns, row) {
  const z = (name) => (columns.get(name).values[row] - 50) / 10 || 0;
  const plan = columns.get("plan 2").codes[row];
  return 1 / (1 + Math.exp(2 - 1.1 * z("amount 4") - 0.8 * z("amount 7") - (plan === 0 ? 0.8 : 0)));
}

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
  const probabilities = Float64Array.from({ length: n }, (_, row) => probabilityOf(columns, row));
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

const MEAN_RATE = 0.223;

/** Label drift raises every rate; concept drift parts outcomes from the features, and leaves the mean rate alone. */
function rateOf(p, kind, size) {
  if (kind === "label") return Math.min(1, p + size);
  if (kind === "concept") return p + size * (MEAN_RATE - p);
  return p;
}
