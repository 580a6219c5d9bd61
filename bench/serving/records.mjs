/** Numbers in [0, 1), the same ones everywhere. */
function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const yesNo = ["No", "Yes"];
const yesNoInternet = ["No", "No internet service", "Yes"];

/** The labels of each category, with the columns of numbers in their places. */
export const columns = {
  gender: ["Female", "Male"],
  SeniorCitizen: "integer",
  Partner: yesNo,
  Dependents: yesNo,
  tenure: "integer",
  PhoneService: yesNo,
  MultipleLines: ["No", "No phone service", "Yes"],
  InternetService: ["DSL", "Fiber optic", "No"],
  OnlineSecurity: yesNoInternet,
  OnlineBackup: yesNoInternet,
  DeviceProtection: yesNoInternet,
  TechSupport: yesNoInternet,
  StreamingTV: yesNoInternet,
  StreamingMovies: yesNoInternet,
  Contract: ["Month-to-month", "One year", "Two year"],
  PaperlessBilling: yesNo,
  PaymentMethod: ["Bank transfer (automatic)", "Credit card (automatic)", "Electronic check", "Mailed check"],
  MonthlyCharges: "number",
  TotalCharges: "number",
};

/** Customers with the columns of IBM's Telco data, and whether they left: 19 features, made the same each time. */
export function customers(count) {
  const random = seeded(7);
  const one = (list) => list[Math.floor(random() * list.length)];
  const bell = () => random() + random() + random() + random() - 2;
  return Array.from({ length: count }, () => {
    const tenure = Math.floor(random() * 73);
    const monthly = Math.round(1800 + random() * 10_100) / 100;
    const numbers = {
      SeniorCitizen: random() < 0.16 ? 1 : 0,
      tenure,
      MonthlyCharges: monthly,
      TotalCharges: Math.round(100 * tenure * monthly) / 100,
    };
    const features = Object.fromEntries(
      Object.entries(columns).map(([name, kind]) => [name, Array.isArray(kind) ? one(kind) : numbers[name]]),
    );
    const pull = (features.Contract === "Month-to-month" ? 1.5 : 0) - tenure / 40 + monthly / 60;
    return { features, left: pull + 1.7 * bell() > 1.2 };
  });
}
