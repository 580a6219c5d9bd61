import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** The folder of data sets and golden values beside the repository; absent on a user's machine. */
const folder = resolve(import.meta.dirname, "../../../shared");

export const hasShared = existsSync(folder);
if (!hasShared) console.warn("skipped: tests on real data and golden statistics (no folder ../shared)");

export const sharedPath = (name: string): string => resolve(folder, name);

export interface OracleCase {
  readonly id: string;
  readonly fn: string;
  readonly in: Record<string, unknown>;
  readonly out: Record<string, unknown>;
  readonly note?: string;
}

/** Golden cases of one function from the oracle file, or none where it is absent. */
export function oracleCases(fn: string): OracleCase[] {
  if (!hasShared) return [];
  const file = JSON.parse(readFileSync(sharedPath("oracles/stats.json"), "utf8")) as { cases: OracleCase[] };
  return file.cases.filter((entry) => entry.fn === fn);
}

/** The oracle file writes non-finite numbers as text. */
export const oracleNumber = (value: unknown): number => (typeof value === "number" ? value : Number(value));
