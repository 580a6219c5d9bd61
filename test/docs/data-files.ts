import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CsvRecord } from "../../src/data/table/write-csv.js";
import type { SyntheticCustomer } from "../../src/data/synthetic.js";
import {
  defineFeatures,
  syntheticContract,
  syntheticCustomers,
  tableFromRecords,
  writeCsv,
} from "../../src/data/index.js";
import { logistic, saveBundle, train } from "../../src/model/index.js";
import { pageBlocks } from "./snippets.js";

/** The columns of the public Telco file, filled from synthetic customers. */
const telcoRow = (customer: SyntheticCustomer, i: number): CsvRecord => ({
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
export const dataFiles = [
  "customers-later.csv",
  "customers.csv",
  "telco.csv",
  "model",
  "churn-dev.json",
  "churn-graph.json",
] as const;

/** Makes the files that the documentation speaks of: small ones, of synthetic customers. */
export async function makeDataFiles(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { records } = syntheticCustomers({ rows: 400, seed: 1 });
  const later = syntheticCustomers({ rows: 400, seed: 2, scenario: "shifted" }).records;
  await writeCsv(join(folder, "customers.csv"), records);
  await writeCsv(join(folder, "customers-later.csv"), later);
  await writeCsv(join(folder, "telco.csv"), records.map(telcoRow));
  const table = tableFromRecords(syntheticContract, records);
  const model = await train(defineFeatures(syntheticContract), table, { learner: logistic() });
  await saveBundle(model.artifact, join(folder, "model"));
  // As docs/aws.md writes them.
  const [target, graph] = pageBlocks("docs/aws.md", "json");
  writeFileSync(join(folder, "churn-dev.json"), target?.code ?? "");
  writeFileSync(join(folder, "churn-graph.json"), graph?.code ?? "");
}

/** Copies those of the files that a text names. */
export function giveDataFiles(from: string, to: string, text: string): void {
  for (const name of dataFiles) {
    if (new RegExp(`["\`/ ]${name}["\`/ ]`).test(text)) cpSync(join(from, name), join(to, name), { recursive: true });
  }
}
