import { defineFeatures, type Features } from "../../src/data/features/define.js";
import { syntheticContract, syntheticCustomers } from "../../src/data/synthetic.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { Table } from "../../src/data/table/table.js";

/** A table of synthetic customers. */
export function customers(rows: number, seed = 1): Table {
  return tableFromRecords(syntheticContract, syntheticCustomers({ rows, seed }).records);
}

export const customerFeatures: Features = defineFeatures(syntheticContract);
