import { join } from "node:path";
import { mix32 } from "../../base/random.js";
import {
  defineFeatures,
  type Features,
  column,
  countOf,
  meanOf,
  ratio,
  sum,
  trend,
  daysSince,
} from "../../data/features/index.js";
import { inferFromFile, readTable, tableFromRecords } from "../../data/read/index.js";
import { split, splitByTime } from "../../data/split/index.js";
import { bestPossible, syntheticContract, syntheticCustomers } from "../../data/synthetic.js";
import { concatTables, recordOf, takeRows, type Table, writeCsv } from "../../data/table/index.js";
import type { Facet } from "../../monitor/bias/index.js";
import { shiftRecords } from "./shift.js";

/** Source of the main job's customers. */
export type MainJobSource =
  | { readonly kind: "synthetic"; readonly rows: number; readonly test?: number | undefined }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly target: string;
      readonly positive?: string | undefined;
      readonly id?: readonly string[] | undefined;
      /** Columns to leave out of the features. */
      readonly text?: readonly string[] | undefined;
      readonly ignore?: readonly string[] | undefined;
      /** The file's formats of numbers and dates, if its cells are ambiguous. */
      readonly decimal?: "." | "," | undefined;
      readonly dateFormat?: string | undefined;
      /** Share of the rows to test on; default 0.2. */
      readonly test?: number | undefined;
      /** The column that splits the rows: the test follows the training, and the held-back rows come last. */
      readonly time?: string | undefined;
    };

/** The rows of a later month, in which something has changed. */
interface LaterRows {
  readonly table: Table;
  /** Description of the change. */
  readonly story: string;
}

/** An opened source: its features, its file, and the months to come. */
export interface OpenedSource {
  readonly path: string;
  readonly features: Features;
  /** The best that any model can reach, if the true probabilities are known. */
  readonly best: ReturnType<typeof bestPossible> | undefined;
  /** Columns whose groups the bias monitor compares. */
  readonly facets: readonly Facet[];
  read(): Promise<Table>;
  /** Splits the rows: for training, for the test, and held back for later. */
  part(table: Table): { readonly training: Table; readonly test: Table; readonly kept: Table | undefined };
  later(kept: Table | undefined): Promise<LaterRows>;
}

/** Opens a source; the synthetic customers are written to `folder` first, so that the job reads a file like any other. */
export async function openSource(source: MainJobSource, folder: string, seed: number): Promise<OpenedSource> {
  return source.kind === "synthetic" ? openSynthetic(source, folder, seed) : openFile(source, seed);
}

async function openSynthetic(
  { rows, test: share = 0.2 }: Extract<MainJobSource, { kind: "synthetic" }>,
  folder: string,
  seed: number,
): Promise<OpenedSource> {
  const { records, probabilities } = syntheticCustomers({ rows, seed });
  const path = join(folder, "customers.csv");
  await writeCsv(path, records);
  return {
    path,
    features: syntheticFeatures(),
    best: bestPossible(probabilities),
    facets: [
      { column: "gender", groups: ["Female"] },
      { column: "age", groups: [{ from: 60 }] },
    ],
    read: () => readTable(syntheticContract, path),
    part(table) {
      const { train, test } = split(table, { seed, validation: 0, test: share });
      return { training: train, test, kept: undefined };
    },
    async later() {
      const next = syntheticCustomers({
        rows: Math.max(1000, Math.round(0.4 * rows)),
        seed: mix32(seed + 1),
        scenario: "shifted",
      });
      const file = join(folder, "customers-a-year-later.csv");
      await writeCsv(file, next.records);
      return {
        table: await readTable(syntheticContract, file),
        story: "prices rose, a rival courts customers on short contracts, usage moved to mobile data",
      };
    },
  };
}

/**
 * Features that an analyst would add: the trend in usage, what an hour costs, and how long a customer has been
 * silent.
 */
function syntheticFeatures(): Features {
  const usage = ["usageHoursThreeMonthsAgo", "usageHoursTwoMonthsAgo", "usageHoursLastMonth"].map(column);
  const hours = meanOf(...usage);
  return defineFeatures(syntheticContract, {
    derive: () => ({
      usageTrend: ratio(trend(usage), hours),
      chargesPerHour: ratio(column("monthlyCharges"), sum(column("usageHoursLastMonth"), 1)),
      daysWithoutLogin: daysSince(column("lastLogin"), "2026-01-31"),
      services: countOf(["techSupport", "onlineBackup", "onlineSecurity", "streaming"].map(column), "Yes"),
    }),
  });
}

/** Of the untested rows of a file, the later ones. */
const keptShare = 0.25;

async function openFile(source: Extract<MainJobSource, { kind: "file" }>, seed: number): Promise<OpenedSource> {
  const { path, target, positive, id, text, ignore, decimal, dateFormat, time, test: share = 0.2 } = source;
  const { contract } = await inferFromFile(path, { target, positive, id, text, ignore, decimal, dateFormat });
  return {
    path,
    features: defineFeatures(contract),
    best: undefined,
    facets: [],
    read: () => readTable(contract, path),
    part(table) {
      if (time !== undefined) {
        const { train, validation, test } = splitByTime(table, time, {
          shares: { validation: share, test: keptShare * (1 - share) },
        });
        return { training: train, test: validation, kept: test };
      }
      const { train, validation, test } = split(table, { seed, validation: keptShare, test: share });
      return { training: train, test, kept: validation };
    },
    later(kept) {
      if (!kept) throw new Error("A file's later rows are the held-back ones.");
      const { records, story } = shiftRecords(kept, seed);
      return Promise.resolve({ table: tableFromRecords(contract, records, { source: "later rows" }), story });
    },
  };
}

/** Halves a table by the parity of a hash of each row: one half to learn from, one to judge on. */
export function halves(table: Table, seed: number): { readonly learn: Table; readonly judge: Table } {
  const positions = Array.from({ length: table.rows }, (_, i) => i);
  const side = (i: number): number => mix32(mix32(seed) ^ i) & 1;
  return {
    learn: takeRows(
      table,
      positions.filter((i) => side(i) === 0),
    ),
    judge: takeRows(
      table,
      positions.filter((i) => side(i) === 1),
    ),
  };
}

/** The same customers with the labels of others, like a join on the wrong key. */
export function withWrongLabels(table: Table, seed: number): Table {
  const { target } = table.contract;
  if (!target) return table;
  const order = Array.from({ length: table.rows }, (_, i) => i).sort(
    (a, b) => mix32(mix32(seed) ^ a) - mix32(mix32(seed) ^ b),
  );
  const records = order.map((other, i) => ({
    ...recordOf(table, i),
    [target.column]: recordOf(table, other)[target.column],
  }));
  return tableFromRecords(table.contract, records, { source: "customers with wrong labels" });
}

/** Old and new rows together. */
export const together = (old: Table, fresh: Table): Table => concatTables([old, fresh]);
