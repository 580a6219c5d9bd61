import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { contractOf, tableFromRecords } from "../../src/data/index.js";

const folder = resolve(import.meta.dirname, "../fixtures/trees");

/** Models of XGBoost and LightGBM, made by make.py, with the libraries' own predictions for the records. */
export const { rows: foreignRecords, models: foreignModels } = JSON.parse(
  readFileSync(resolve(folder, "scored.json"), "utf8"),
) as {
  rows: Record<string, string | number | null>[];
  models: Record<string, { file: string; probabilities: number[] }>;
};
const contract = contractOf(
  z.object({
    tenure: z.number(),
    charges: z.number().nullable(),
    usage: z.number(),
    plan: z.enum(["Enterprise", "Team", "Student", "Pro", "Plus", "Large, yearly", "Basic"]).nullable(),
    churn: z.enum(["No", "Yes"]),
  }),
  { target: "churn", positive: "Yes" },
);
export const foreignRows = tableFromRecords(contract, foreignRecords);
export const foreignFile = (file: string): Uint8Array => readFileSync(resolve(folder, file));
