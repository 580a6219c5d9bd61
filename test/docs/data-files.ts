import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { csvLine, defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords, type SyntheticCustomer } from "../../src/data/index.js";
import { logistic, saveBundle, train } from "../../src/model/index.js";

type Rows = readonly Readonly<Record<string, string | number | boolean | null>>[];

const csvOf = (rows: Rows): string => [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))].map(csvLine).join("");

/** The columns of the public Telco file, filled from synthetic customers. */
const telcoRow = (customer: SyntheticCustomer, i: number): Rows[number] => ({
  customerID: `${1000 + i}-${String(customer["customerId"])}`,
  gender: customer["gender"] ?? "",
  SeniorCitizen: Number(customer["age"]) >= 65 ? 1 : 0,
  Partner: customer["partner"] ?? "",
  tenure: customer["tenureMonths"] ?? 0,
  OnlineSecurity: customer["onlineSecurity"] ?? "",
  OnlineBackup: customer["onlineBackup"] ?? "",
  TechSupport: customer["techSupport"] ?? "",
  Contract: customer["contract"] ?? "",
  PaymentMethod: String(customer["paymentMethod"]),
  MonthlyCharges: customer["monthlyCharges"] ?? 0,
  TotalCharges: customer["totalCharges"] ?? " ",
  Churn: customer["churn"] ?? "",
});

/** Names of the files that snippets find in their folder. */
export const dataFiles = ["customers-later.csv", "customers.csv", "telco.csv", "model"] as const;

/** Makes the files that the documentation speaks of: small ones, of synthetic customers. */
export async function makeDataFiles(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { records } = syntheticCustomers({ rows: 600, seed: 1 });
  const later = syntheticCustomers({ rows: 600, seed: 2, scenario: "shifted" }).records;
  writeFileSync(join(folder, "customers.csv"), csvOf(records));
  writeFileSync(join(folder, "customers-later.csv"), csvOf(later));
  writeFileSync(join(folder, "telco.csv"), csvOf(records.map(telcoRow)));
  const table = tableFromRecords(syntheticContract, records);
  const model = await train(defineFeatures(syntheticContract), table, { learner: logistic() });
  await saveBundle(model.artefact, join(folder, "model"));
}

/** Copies those of the files that a text names. */
export function giveDataFiles(from: string, to: string, text: string): void {
  for (const name of dataFiles) {
    if (new RegExp(`["\`/ ]${name}["\`/ ]`).test(text)) cpSync(join(from, name), join(to, name), { recursive: true });
  }
}
