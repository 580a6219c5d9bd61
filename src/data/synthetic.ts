import { integerPower, square } from "../base/elementary.js";
import { ChurnkitError } from "../base/errors.js";
import { sigmoid } from "../stats/logistic.js";
import { mix32, uniform } from "../base/random.js";
import type { Column, Contract } from "./contract/contract.js";

/** One synthetic customer; `null` is missing. */
export type SyntheticCustomer = Readonly<Record<string, string | number | boolean | null>>;

/** Number of customers, and their market. */
export interface SyntheticOptions {
  /** Number of customers, 1 to 10,000,000. */
  readonly rows: number;
  readonly seed?: number;
  /**
   * `base` is the original market. `shifted` is the same company a year later: prices rose, a rival courts customers
   * on short contracts, usage moved to mobile data. Both the inputs and the reasons for leaving have changed.
   */
  readonly scenario?: "base" | "shifted";
}

/** Customers, and the truth about them. */
export interface SyntheticCustomers {
  readonly records: readonly SyntheticCustomer[];
  /** The true churn probability of each record, which real data never show. */
  readonly probabilities: Float64Array;
}

const day = 86_400_000;
const today = Date.UTC(2026, 0, 31);
const isoDay = (time: number): string => new Date(time).toISOString().slice(0, 10);
const round = (value: number, digits: number): number =>
  Math.round(value * integerPower(10, digits)) / integerPower(10, digits);
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const planPrice = { Basic: 0, Standard: 18, Premium: 38 } as const;
const contractPull = { "Month-to-month": 0.42, "One year": -0.14, "Two year": -0.56 } as const;
const regions = ["North", "South", "East", "West", "Coast", "Capital"] as const;
const payments = ["Bank transfer", "Credit card", "Electronic check", "Mailed check"] as const;

/** Effect of a customer's values on the odds of leaving, by scenario. The scale sets how predictable churn is. */
const markets = {
  base: { intercept: -1.17, scale: 6.1, price: 0, rival: 0, mobile: 0 },
  shifted: { intercept: -1.17, scale: 6.1, price: 14, rival: 1.1, mobile: 0.5 },
} as const;

/**
 * Makes customers whose true churn probabilities are known, so that you can compare a model with the best possible
 * accuracy, F1 and AUC. About 38 % of the `base` scenario churn. The same options give the same customers everywhere.
 *
 * @throws ChurnkitError OPTION_INVALID when `rows` is out of range.
 */
export function syntheticCustomers(options: SyntheticOptions): SyntheticCustomers {
  const { rows, seed = 1, scenario = "base" } = options;
  if (!Number.isInteger(rows) || rows < 1 || rows > 1e7) {
    throw new ChurnkitError("OPTION_INVALID", `rows must be a whole number from 1 to 10,000,000, not ${rows}.`);
  }
  const probabilities = new Float64Array(rows);
  const records = Array.from({ length: rows }, (_, row) => {
    const customer = drawCustomer(row, mix32(mix32(seed) ^ row), scenario);
    probabilities[row] = customer.probability;
    return customer.record;
  });
  return { records, probabilities };
}

function drawCustomer(row: number, seed: number, scenario: "base" | "shifted") {
  const market = markets[scenario];
  const random = uniform(seed);
  // A sum of twelve uniforms is normal enough, and exact on every runtime; a logarithm might not be.
  const normal = (mean: number, deviation: number): number => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random();
    return mean + deviation * sum;
  };
  const pick = <T>(values: readonly T[], weights: readonly number[]): T => {
    let left = random();
    const index = weights.findIndex((weight) => (left -= weight) < 0);
    return values[index < 0 ? values.length - 1 : index] as T;
  };
  const yes = (share: number): "Yes" | "No" => (random() < share ? "Yes" : "No");

  const age = Math.round(clamp(normal(46, 15), 18, 92));
  const gender = pick(["Female", "Male"], [0.5, 0.5]);
  const region = pick(regions, [0.22, 0.2, 0.18, 0.16, 0.14, 0.1]);
  const partner = yes(0.45 + age * 0.002);
  const contract = pick(["Month-to-month", "One year", "Two year"] as const, [0.52, 0.25, 0.23]);
  const tenure = Math.floor(clamp(Math.abs(normal(0, 28)) + (contract === "Two year" ? 14 : 0), 0, 84));
  const plan = pick(["Basic", "Standard", "Premium"] as const, [0.4, 0.38, 0.22]);
  const internet = pick(["None", "DSL", "Fibre"], [0.15, 0.37, 0.48]);
  const online = internet !== "None";
  const techSupport = online ? yes(0.42) : "No";
  const backup = online ? yes(0.4) : "No";
  const streaming = online ? yes(0.48) : "No";
  const security = online ? yes(0.36) : "No";
  const addOns = [techSupport, backup, streaming, security].filter((value) => value === "Yes").length;
  const payment = pick(payments, [0.25, 0.28, 0.32, 0.15]);
  const autoPay = payment === "Bank transfer" || payment === "Credit card" ? random() < 0.7 : random() < 0.1;
  const charges = clamp(
    22 + planPrice[plan] + (internet === "Fibre" ? 22 : online ? 8 : 0) + 5 * addOns + market.price + normal(0, 6),
    15,
    190,
  );
  const usage = clamp(normal(34, 12) + (streaming === "Yes" ? 10 : 0), 1, 120);
  const decline = normal(0, 0.22);
  const months = [1 + decline, 1, 1 - decline].map((factor) => round(clamp(usage * factor + normal(0, 2), 0, 160), 1));
  const [usageThreeAgo = 0, usageTwoAgo = 0, usageLast = 0] = months;
  const mobileGb = round(Math.max(0, normal(7 * (1 + market.mobile), 4)) * (1 + random() * random() * 3), 2);
  const tickets = Math.floor(-3 * (1 - random()) + random() * random() * 9 + 1.4) | 0;
  const late = Math.max(0, Math.floor(random() * random() * 7 - (autoPay ? 1.2 : 0)));
  const satisfaction = Math.round(clamp(normal(6.8 - 0.5 * Math.max(0, tickets) - 0.25 * late, 1.8), 0, 10));
  const sinceLogin = Math.floor(Math.abs(normal(0, 18)) * (1 + 1.5 * Math.max(0, decline)));

  const logit =
    market.intercept +
    market.scale *
      (contractPull[contract] +
        (contract === "Month-to-month" ? 0.25 * market.rival : 0) +
        0.3 * Math.max(0, 1 - tenure / 14) -
        0.16 * Math.min(1, tenure / 60) +
        1.25 * Math.max(0, decline) * (contract === "Month-to-month" ? 1.5 : 0.6) +
        0.011 * (charges - 65) * (market.rival > 0 ? 1.35 : 1) -
        0.06 * addOns +
        (charges / (usageLast + 6) > 2.4 ? 0.22 : 0) +
        0.12 * Math.min(4, Math.max(0, tickets)) * (techSupport === "Yes" ? 0.3 : 1) +
        0.09 * late -
        0.075 * (satisfaction - 6) +
        0.008 * Math.min(40, sinceLogin) +
        (internet === "Fibre" && security === "No" ? 0.16 : 0) +
        (payment === "Electronic check" ? 0.1 : 0) -
        (autoPay ? 0.08 : 0) +
        0.0004 * square(age - 46) * (partner === "No" ? 1 : 0.4) -
        0.05 -
        market.rival * 0.02 * (mobileGb - 9) +
        (region === "Capital" ? 0.12 : region === "Coast" ? -0.08 : 0) -
        0.49);
  const probability = sigmoid(logit);
  const signup = today - tenure * 30.4 * day - Math.floor(random() * 30) * day;
  const total = tenure === 0 ? null : round(charges * tenure * (0.92 + 0.1 * random()), 2);

  const record: SyntheticCustomer = {
    customerId: `C${String(row + 1).padStart(7, "0")}`,
    age,
    gender,
    region,
    partner,
    signupDate: isoDay(signup),
    lastLogin: isoDay(today - sinceLogin * day),
    tenureMonths: tenure,
    contract,
    plan,
    internet,
    techSupport,
    onlineBackup: backup,
    onlineSecurity: security,
    streaming,
    usageHoursThreeMonthsAgo: usageThreeAgo,
    usageHoursTwoMonthsAgo: usageTwoAgo,
    usageHoursLastMonth: usageLast,
    mobileGb,
    supportTickets: Math.max(0, tickets),
    satisfaction: random() < 0.12 ? null : satisfaction,
    monthlyCharges: round(charges, 2),
    totalCharges: total,
    paymentMethod: payment,
    autoPay,
    latePayments: late,
    churn: random() < probability ? "Yes" : "No",
  };
  return { record, probability };
}

/**
 * Returns the best values that any model can expect on rows with these true probabilities: accuracy and F1 at their
 * own best thresholds, and AUC of the true probabilities themselves, all in expectation over the labels.
 *
 * @throws ChurnkitError METRIC_UNDEFINED without rows.
 */
export function bestPossible(probabilities: Float64Array): { accuracy: number; f1: number; auc: number; rate: number } {
  const sorted = Float64Array.from(probabilities).sort();
  const rows = sorted.length;
  if (rows === 0) throw new ChurnkitError("METRIC_UNDEFINED", "The probabilities are empty. Give at least one.");
  let positives = 0;
  let correct = 0;
  let concordant = 0;
  let negativesBelow = 0;
  for (const p of sorted) {
    concordant += p * negativesBelow;
    negativesBelow += 1 - p;
    positives += p;
    correct += Math.max(p, 1 - p);
  }
  let truePositives = 0;
  let f1 = 0;
  for (let taken = 1; taken <= rows; taken++) {
    truePositives += sorted[rows - taken] ?? 0;
    f1 = Math.max(f1, (2 * truePositives) / (taken + positives));
  }
  return { accuracy: correct / rows, f1, auc: concordant / (positives * (rows - positives)), rate: positives / rows };
}

const common = { role: "feature", nullable: false, optional: false, missing: [] } as const;
const number = (name: string, rest: Partial<Extract<Column, { kind: "number" }>> = {}): Column => ({
  ...common,
  kind: "number",
  name,
  integer: false,
  min: 0,
  ...rest,
});
const category = (
  name: string,
  levels: readonly string[],
  rest: Partial<Extract<Column, { kind: "category" }>> = {},
): Column => ({ ...common, kind: "category", name, levels, open: false, ...rest });
const date = (name: string): Column => ({ ...common, kind: "date", name, precision: "date" });

const yesNo = ["No", "Yes"];

/** The contract of {@link syntheticCustomers}. */
export const syntheticContract: Contract = {
  format: 1,
  name: "synthetic-churn",
  origin: "declared",
  columns: [
    category("customerId", [], { role: "id", open: true }),
    number("age", { integer: true, max: 120, unit: "years" }),
    category("gender", ["Female", "Male"]),
    category("region", regions),
    category("partner", yesNo),
    date("signupDate"),
    date("lastLogin"),
    number("tenureMonths", { integer: true, unit: "months" }),
    category("contract", ["Month-to-month", "One year", "Two year"]),
    category("plan", ["Basic", "Standard", "Premium"]),
    category("internet", ["None", "DSL", "Fibre"]),
    category("techSupport", yesNo),
    category("onlineBackup", yesNo),
    category("onlineSecurity", yesNo),
    category("streaming", yesNo),
    number("usageHoursThreeMonthsAgo", { unit: "hours" }),
    number("usageHoursTwoMonthsAgo", { unit: "hours" }),
    number("usageHoursLastMonth", { unit: "hours" }),
    number("mobileGb", { unit: "GB" }),
    number("supportTickets", { integer: true }),
    number("satisfaction", { integer: true, max: 10, nullable: true }),
    number("monthlyCharges"),
    number("totalCharges", { nullable: true }),
    category("paymentMethod", payments),
    { ...common, kind: "boolean", name: "autoPay", truthy: ["true"], falsy: ["false"], caseSensitive: false },
    number("latePayments", { integer: true }),
    category("churn", yesNo, { role: "target" }),
  ],
  target: { column: "churn", classes: yesNo, positive: "Yes" },
};
