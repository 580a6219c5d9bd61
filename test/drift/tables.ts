import { readFileSync } from "node:fs";
import type { Column, ColumnRole, Contract } from "../../src/data/contract/contract.js";
import type { ColumnData, Table } from "../../src/data/table/table.js";
import { sharedPath } from "../helpers/shared.js";

type Values = readonly (number | null)[] | readonly (string | null)[] | Float64Array;

/** A table of number columns (numbers) and open categories (texts); null is missing. */
export function tableOf(columns: Record<string, Values>, roles: Record<string, ColumnRole> = {}): Table {
  const described: Column[] = [];
  const data = new Map<string, ColumnData>();
  let rows = 0;
  for (const [name, given] of Object.entries(columns)) {
    const values: (number | string | null)[] = [...given];
    rows = values.length;
    const base = {
      name,
      role: (Object.hasOwn(roles, name) ? roles[name] : undefined) ?? "feature",
      nullable: true,
      optional: true,
      missing: [],
    } as const;
    const texts = values.filter((value) => typeof value === "string");
    if (texts.length === 0) {
      described.push({ ...base, kind: "number", integer: false });
      data.set(name, {
        storage: "numeric",
        values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
      });
      continue;
    }
    described.push({ ...base, kind: "category", levels: [], open: true });
    const levels = [...new Set(texts)];
    const codes = Int32Array.from(values, (value) => levels.indexOf(String(value)));
    data.set(name, { storage: "coded", codes, levels });
  }
  const contract: Contract = { format: 1, name: "test", origin: "inferred", columns: described };
  return { contract, rows, columns: data, rowNumbers: new Uint32Array(rows), rejected: [], source: "test" };
}

/** The hash by which the acceptance check halves the Telco rows. */
function half(i: number): number {
  let x = (i + 7) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) % 2;
}

/** Telco halved at random, and the second half with tenure x 0.7 and a payment method swapped in. */
export function telcoHalves(): { a: Table; b: Table; shifted: Table } {
  const [header = "", ...lines] = readFileSync(sharedPath("data/telco-churn.csv"), "utf8").trim().split(/\r?\n/);
  const names = header.split(",");
  const numbers = new Set(["tenure", "MonthlyCharges", "TotalCharges"]);
  const make = (rows: string[][]): Table =>
    tableOf(
      Object.fromEntries(
        names.map((name, at) => {
          const cells = rows.map((row) => row[at] ?? "");
          return [name, numbers.has(name) ? cells.map((cell) => (cell.trim() === "" ? null : Number(cell))) : cells];
        }),
      ),
      { customerID: "id", Churn: "target" },
    );
  const rows = lines.map((line) => line.split(","));
  const b = rows.filter((_, i) => half(i) === 0);
  const tenure = names.indexOf("tenure");
  const payment = names.indexOf("PaymentMethod");
  const shifted = b.map((row, i) =>
    row.map((cell, at) => {
      if (at === tenure) return String(Math.max(0, Math.round(Number(cell) * 0.7)));
      return at === payment && i % 4 === 0 ? "Electronic check" : cell;
    }),
  );
  return { a: make(rows.filter((_, i) => half(i) === 1)), b: make(b), shifted: make(shifted) };
}
