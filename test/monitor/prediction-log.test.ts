import { parquetReadObjects } from "hyparquet";
import { beforeEach, describe, expect, it } from "vitest";
import { type Contract, syntheticContract, syntheticCustomers } from "../../src/data/index.js";
import { memoryStore, type ObjectStore } from "../../src/io/index.js";
import {
  type CapturedPrediction,
  captureToStore,
  days,
  eraseCustomers,
  predictionTable,
  updatePredictionLog,
} from "../../src/monitor/index.js";

const contract: Contract = syntheticContract;
const { records } = syntheticCustomers({ rows: 12, seed: 3 });
const at = (day: number, hour: number): string => new Date(Date.UTC(2026, 1, day, hour, 30)).toISOString();
const predictions: CapturedPrediction[] = records.map((record, i) => ({
  id: `C-${i}`,
  predictionId: `p${i}`,
  at: at(1 + Math.floor(i / 4), (i * 7) % 24),
  record,
  probability: i / 20,
  label: "No",
  version: "1.2.0",
  ...(i === 2 && { treated: true }),
}));

let store: ObjectStore;
beforeEach(async () => {
  store = memoryStore();
  await capture(predictions);
});

async function capture(some: readonly CapturedPrediction[], writer = "web-1"): Promise<void> {
  const capturing = captureToStore(store, { prefix: "captured/churn", writer });
  await capturing.write(some);
  await capturing.close();
}
const label = (name: string, lines: readonly object[]): Promise<unknown> =>
  store.put(
    `labels/${name}.jsonl`,
    new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
  );
const update = (now: string, more: Partial<Parameters<typeof updatePredictionLog>[0]> = {}) =>
  updatePredictionLog({
    store,
    contract,
    captured: "captured/churn/",
    labels: "labels/",
    window: days(30),
    now,
    ...more,
  });
const files = async (): Promise<Record<string, string>> => {
  const keys = (await store.list("prediction-log/")).map(({ key }) => key);
  const bytes = await Promise.all(
    keys.map(async (key) => Buffer.from((await store.get(key))?.bytes ?? []).toString("base64")),
  );
  return Object.fromEntries(keys.map((key, i) => [key, bytes[i] ?? ""]));
};
const rowsOf = async (day: string): Promise<Record<string, unknown>[]> => {
  const found = await store.get(`prediction-log/${day}/churnkit.predictions.parquet`);
  return found === undefined ? [] : parquetReadObjects({ file: new Uint8Array(found.bytes).buffer });
};
const outcomesOf = async (day: string): Promise<unknown[]> =>
  (await rowsOf(day)).map((row) => [
    row["prediction_id"],
    row["outcome"] === null ? null : Number(row["outcome"]),
    row["outcome_state"],
  ]);

describe("updatePredictionLog", () => {
  it("writes one file a day with requests, scores and types of the contract", async () => {
    const { days: done, issues } = await update("2026-02-10");
    expect(done).toEqual(["2026-02-01", "2026-02-02", "2026-02-03"].map((day) => ({ day, rows: 4, written: true })));
    expect(issues).toEqual([]);
    const rows = await rowsOf("2026-02-01");
    expect(rows.map((row) => (row["predicted_at"] as Date).toISOString())).toEqual(
      predictions
        .slice(0, 4)
        .map((each) => each.at)
        .sort(),
    );
    const row = rows.find((each) => each["prediction_id"] === "p2") ?? {};
    const record = records[2] ?? {};
    expect(row).toMatchObject({
      id: "C-2",
      version: "1.2.0",
      probability: 0.1,
      label: "No",
      treated: true,
      control: false,
      outcome: null,
      outcome_state: "not yet",
      plan: record["plan"],
      monthly_charges: record["monthlyCharges"],
      auto_pay: record["autoPay"],
      tenure_months: BigInt(Number(record["tenureMonths"])),
    });
    expect((row["signup_date"] as Date).toISOString().slice(0, 10)).toBe(record["signupDate"]);
    expect(row).not.toHaveProperty("churn");
    expect(row).not.toHaveProperty("customer_id");
  });

  it("takes any class but the positive one for the other outcome", async () => {
    const classes = ["Maybe", "No", "Yes"];
    const { columns, target } = contract;
    const several: Contract = {
      ...contract,
      columns: columns.map((one) => (one.name === "churn" ? { ...one, levels: classes } : one)),
      ...(target && { target: { ...target, classes } }),
    };
    const outcomes = ["Yes", "No", "Maybe"].map((outcome, i) => ({ id: `p${i}`, outcome, time: "2026-03-20" }));
    await label("late", outcomes);
    await update("2026-04-10", { contract: several });
    const found = await outcomesOf("2026-02-01");
    expect(found).toEqual(
      expect.arrayContaining([
        ["p1", 0, "known"],
        ["p2", 0, "known"],
      ]),
    );
  });

  it("counts a label when its window has closed, by either id, and rewrites only its day", async () => {
    await label("early", [
      { id: "p0", outcome: 1, time: "2026-02-11" },
      { id: "C-1", outcome: 0, time: "2026-03-20" },
      { id: "C-2", outcome: 1, time: "2026-01-05" },
      { id: "p3", outcome: 1, time: "2026-04-20" },
    ]);
    await update("2026-02-20");
    expect(await outcomesOf("2026-02-01")).toEqual(
      expect.arrayContaining([
        ["p0", null, "not yet"],
        ["p1", null, "not yet"],
      ]) as unknown,
    );
    const young = await files();
    expect((await update("2026-02-21")).days.map(({ written }) => written)).toEqual([false, false, false]);
    expect(await files()).toEqual(young);

    await update("2026-03-10");
    // p2's customer left before the prediction, which is another story; p3's left after the window.
    expect((await outcomesOf("2026-02-01")).sort()).toEqual([
      ["p0", 1, "known"],
      ["p1", 0, "known"],
      ["p2", null, "unknown"],
      ["p3", 0, "known"],
    ]);
    expect((await update("2026-03-10", { absent: "negative", to: "other/" })).days).toHaveLength(3);

    const mature = await files();
    await label("late", [{ id: "p5", outcome: 1, time: "2026-02-20" }]);
    const again = await update("2026-03-10");
    expect(again.days.filter(({ written }) => written).map(({ day }) => day)).toEqual(["2026-02-02"]);
    const changed = await files();
    expect(Object.keys(changed).filter((key) => changed[key] !== mature[key])).toHaveLength(1);
    expect(await outcomesOf("2026-02-02")).toEqual(expect.arrayContaining([["p5", 1, "known"]]) as unknown);
  });

  it("gives the same bytes however the captures lie, and one row for what was written twice", async () => {
    await update("2026-02-10");
    const once = await files();
    await capture([...predictions].reverse(), "web-2");
    await update("2026-02-10");
    expect(await files()).toEqual(once);
    store = memoryStore();
    for (const [i, each] of [...predictions].reverse().entries()) await capture([each], `web-${i}`);
    expect((await update("2026-02-10", { days: { first: "2026-02-02", last: "2026-02-02" } })).days).toMatchObject([
      { day: "2026-02-02", rows: 4 },
    ]);
    await update("2026-02-10");
    expect(await files()).toEqual(once);
  });

  it("keeps what the contract refuses, without its features, and counts lines that cannot be read", async () => {
    await capture([{ id: "X", at: at(9, 3), record: { age: "old" }, probability: null, label: null, version: null }]);
    await store.put("captured/churn/2026/02/09/04/broken.jsonl", new TextEncoder().encode("no JSON\n"));
    await store.put("labels/broken.jsonl", new TextEncoder().encode('{"id":"p1"}\n'));
    const { issues, badLabels } = await update("2026-02-10", { days: { first: "2026-02-09" } });
    expect(issues).toMatchObject([{ issue: "notJson", count: 1 }]);
    expect(badLabels).toBe(1);
    expect(await rowsOf("2026-02-09")).toMatchObject([{ id: "X", prediction_id: "X", probability: null, age: null }]);
  });

  it("forgets a customer with eraseCustomers, as if they had never been", async () => {
    await label("early", [{ id: "p5", outcome: 1 }]);
    await update("2026-03-20");
    const stores = [{ store, prefix: ["prediction-log/", "captured/", "labels/"] }];
    const { found, left } = await eraseCustomers({ ids: ["C-5"], stores, contract });
    expect(left).toEqual([]);
    expect(found.map(({ object, counts }) => [object.split("/")[0], counts]).sort()).toEqual([
      ["captured", { predictions: 1 }],
      ["labels", { labels: 1 }],
      ["prediction-log", { predictions: 1 }],
    ]);
    expect((await rowsOf("2026-02-02")).map((row) => row["prediction_id"]).sort()).toEqual(["p4", "p6", "p7"]);
    const erased = await files();
    expect((await update("2026-03-20")).days.every(({ written }) => !written)).toBe(true);
    expect(await files()).toEqual(erased);

    // A whole day that is nobody's any more goes with the next update.
    await eraseCustomers({ ids: ["p4", "p6", "p7"], stores, contract });
    expect(await rowsOf("2026-02-02")).toEqual([]);
    expect((await update("2026-03-20")).days[1]).toEqual({ day: "2026-02-02", rows: 0, written: true });
    expect(Object.keys(await files())).toHaveLength(2);
    // Another program's Parquet file is left alone, a damaged one of ours is named.
    await store.put("prediction-log/2026-02-03/churnkit.predictions.parquet", new Uint8Array([1, 2, 3]));
    const after = await eraseCustomers({ ids: ["C-9"], stores, contract, dryRun: true });
    expect(after.left).toMatchObject([{ object: expect.stringContaining("2026-02-03") as unknown }]);
  });

  it.each([
    [{ window: 0 }, /window is 0/],
    [{ now: "soon" }, /now is soon/],
    [{ days: { first: "February" } }, /days is February/],
    [{ to: "../out/" }, /not allowed/],
  ])("refuses %j", async (options, message) => {
    await expect(update("2026-02-10", options)).rejects.toThrow(message);
  });
});

describe("predictionTable", () => {
  const options = { table: "churn.predictions", location: "s3://churn-data/churn-dev/prediction-log/" };

  it("has the columns of the files, with their types", async () => {
    await update("2026-02-10");
    const sql = predictionTable(contract, options);
    const named = [...sql.matchAll(/^ {2}`(\w+)` (\w+)/gm)].map(([, name]) => name);
    expect(named).toEqual(Object.keys((await rowsOf("2026-02-01"))[0] ?? {}));
    expect(sql).toContain("`probability` double");
    expect(sql).toContain("`signup_date` date");
    expect(sql).toContain("`auto_pay` boolean");
    expect(sql).toContain("'storage.location.template' = 's3://churn-data/churn-dev/prediction-log/${day}/'");
    expect(predictionTable(contract, { ...options, format: "iceberg" })).toMatch(
      /PARTITIONED BY \(day\(`predicted_at`\)\)[^]*'ICEBERG'/,
    );
  });

  it("gives names that clash numbers", () => {
    const [first] = contract.columns.filter(({ role }) => role === "feature");
    const columns = ["Label", "tenure Months", "tenureMonths", "Größe", "?"].map(
      (name) => ({ ...first, name }) as never,
    );
    expect(predictionTable({ ...contract, columns }, options)).toMatch(
      /`label_2` \w+,\n {2}`tenure_months` \w+,\n {2}`tenure_months_2` \w+,\n {2}`gro_e` \w+,\n {2}`column` /,
    );
  });

  it.each([
    [{ ...options, table: "a;b" }, /table/],
    [{ ...options, location: "s3://a'/" }, /location/],
    [{ ...options, since: "2020" }, /since/],
  ])("refuses %j", (given, message) => {
    expect(() => predictionTable(contract, given)).toThrow(message);
  });
});
