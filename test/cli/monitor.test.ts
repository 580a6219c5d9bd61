import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/monitor.js";
import { syntheticCustomers, type SyntheticCustomer } from "../../src/data/synthetic.js";
import { csvLine } from "../../src/data/table/csv-line.js";
import type { MonitorReport } from "../../src/monitor/index.js";
import { filesStore } from "../../src/io/store/index.js";
import { saveBundle } from "../../src/model/index.js";
import { fileTracker } from "../../src/tracking/index.js";
import { customers, predictionsOf, watchedModel, type Watched } from "../monitor/watched.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
let watched: Watched;

const csvOf = (rows: readonly SyntheticCustomer[]): string =>
  [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))].map(csvLine).join("");

beforeAll(async () => {
  watched = await watchedModel();
  await saveBundle(watched.model.artifact, at("model"));
  const write = (name: string, change = (record: SyntheticCustomer): SyntheticCustomer => record): void => {
    const predictions = predictionsOf(watched, customers(1200, 8).map(change));
    const lines = predictions.map(({ record, probability, id, at: time }) =>
      JSON.stringify({ id, at: new Date(time).toISOString(), record, probability, label: null, version: null }),
    );
    writeFileSync(at(name), `${lines.join("\n")}\n{torn`);
  };
  write("calm.jsonl");
  write("dear.jsonl", (record) => ({ ...record, monthlyCharges: Number(record["monthlyCharges"]) + 40 }));
  writeFileSync(at("held-out.csv"), csvOf(syntheticCustomers({ rows: 900, seed: 3 }).records));
  writeFileSync(
    at("labels.csv"),
    `id,outcome\n${customers(1200, 8)
      .map((record, i) => `p${i},${String(record["churn"])}`)
      .join("\n")}\n`,
  );
});

const monitor = (...args: readonly string[]): Promise<Ran> => runVerb(register, ["monitor", ...args]);

const reference = ["--reference", at("held-out.csv"), "--facets", "gender"] as const;

describe("churnkit monitor", () => {
  it("logs its report as a run, and keeps its exit code", async () => {
    const before = process.env["CHURNKIT_SPOOL"];
    process.env["CHURNKIT_SPOOL"] = at("spool");
    const { code } = await monitor(at("model"), at("dear.jsonl"), ...reference, "--track", at("runs")).finally(() => {
      if (before === undefined) delete process.env["CHURNKIT_SPOOL"];
      else process.env["CHURNKIT_SPOOL"] = before;
    });
    const [run] = await fileTracker(filesStore(at("runs"))).list();
    expect(run).toMatchObject({ name: "monitor of model", status: "finished", metrics: { rows: { value: 1200 } } });
    expect(run?.tags["monitor.dataQuality"]).toMatch(/^(none|warning|critical)$/);
    expect(code).toBe(run?.tags["severity"] === "critical" ? 1 : undefined);
    expect(run?.artifacts.map(({ name }) => name)).toEqual(expect.arrayContaining(["report.json", "report.html"]));
  });

  it("makes a baseline, keeps it, and finds unchanged data stable", async () => {
    const made = await monitor(
      at("model"),
      at("calm.jsonl"),
      ...reference,
      "--save-baseline",
      at("monitor.json"),
      "--labels",
      at("labels.csv"),
      "--json",
    );
    expect(made.out.endsWith("}\n")).toBe(true);
    expect(made.out.trimEnd()).not.toContain("\n");
    const report = JSON.parse(made.out) as MonitorReport & { read: object };
    expect(Object.values(report.monitors).map(({ verdict }) => verdict)).toEqual([
      "stable",
      "stable",
      "stable",
      "stable",
    ]);
    expect(report.read).toMatchObject({ predictions: 1200, labels: 1200 });
    expect(made.err).toContain("note: notJson: 1, such as ");
    expect(made.code).toBeUndefined();
    const kept = await monitor(at("model"), at("calm.jsonl"), "--baseline", at("monitor.json"));
    expect(kept.out).toMatch(/^stable \(none\): 1200 rows, 0 set aside/);
  });

  it("exits 1 on critical drift, and writes the files", async () => {
    const { out, code, err } = await monitor(
      at("model"),
      at("dear.jsonl"),
      "--out",
      at("out"),
      "--html",
      at("report.html"),
    );
    expect(code).toBe(1);
    expect(out).toMatch(/dataQuality +drift +critical/);
    expect(err).toContain("wrote");
    expect(
      (
        JSON.parse(readFileSync(at("out/constraint_violations.json"), "utf8")) as {
          violations: { feature_name: string }[];
        }
      ).violations.map(({ feature_name: name }) => name),
    ).toContain("monthlyCharges");
    const html = readFileSync(at("report.html"), "utf8");
    expect(html).toContain("Monitors of synthetic-churn");
    expect(html).toContain("<svg");
  });

  it("judges nothing by five records, and says so with exit code 0", async () => {
    writeFileSync(at("five.jsonl"), readFileSync(at("dear.jsonl"), "utf8").split("\n").slice(0, 5).join("\n"));
    writeFileSync(at("upper.csv"), "id,outcome\nP0,1\nP1,0\nother,1\n");
    const { out, err, code } = await monitor(at("model"), at("five.jsonl"), "--labels", at("upper.csv"));
    expect(out).toMatch(/^insufficient \(none\): 5 rows/);
    expect(out).toContain("5 of the 30 records needed");
    expect(code).toBeUndefined();
    expect(err).toMatch(
      /note: 3 of 3 labels join no prediction, such as "(P0|P1|other)"; 2 are the same text with different case or blanks \("P(\d)" for "p\2"\)/,
    );
  });

  it("leaves out columns and times as it is told", async () => {
    const ignored = await monitor(at("model"), at("dear.jsonl"), "--ignore", "monthlyCharges,prediction", "--json");
    expect((JSON.parse(ignored.out) as MonitorReport).monitors.dataQuality.verdict).toBe("stable");
    const some = await monitor(
      at("model"),
      at("calm.jsonl"),
      "--from",
      "2026-02-01T01:00:00Z",
      "--to",
      "2026-02-01T02:00:00Z",
      "--json",
    );
    expect((JSON.parse(some.out) as MonitorReport).rows.kept).toBe(300);
  });

  it("says why it found no labels, and that nothing came", async () => {
    writeFileSync(at("wrong.csv"), "customerId,churn\np0,Yes\np1,No\n");
    expect((await monitor(at("model"), at("calm.jsonl"), "--labels", at("wrong.csv"))).err).toMatch(
      /2 lines of the label files have no label, such as .*wrong\.csv:2: it has no id\. Each needs id and outcome/,
    );
    writeFileSync(at("labels.txt"), readFileSync(at("labels.csv")));
    expect((await monitor(at("model"), at("calm.jsonl"), "--labels", at("labels.txt"))).err).toContain(" 1200 labels");
    const none = await monitor(at("model"), at("calm.jsonl"), "--from", "2030-01-01");
    expect(none.out).toContain("Nothing arrived in this period");
    expect(none.out).not.toContain("Nothing to do");
    await expect(monitor(at("model"), at("calm.jsonl"), "--labels", at("no.csv"))).rejects.toThrow(
      /There are no labels at .*no\.csv/,
    );
  });

  it.each([
    ["INPUT_NOT_FOUND", () => [at("model"), at("none.jsonl")]],
    ["INPUT_EMPTY", () => [at("model"), folder + "/model"]],
    ["INPUT_EMPTY", () => [at("model"), at("labels.csv")]],
    ["BUNDLE_NOT_FOUND", () => [at("none"), at("calm.jsonl")]],
    ["INPUT_NOT_FOUND", () => [at("model"), at("calm.jsonl"), "--baseline", at("none.json")]],
    ["INPUT_MALFORMED", () => [at("model"), at("calm.jsonl"), "--baseline", at("calm.jsonl")]],
    ["OPTION_INVALID", () => [at("model"), at("calm.jsonl"), "--from", "soon"]],
    ["OPTION_INVALID", () => [at("model"), at("calm.jsonl"), "--facets", "gender"]],
    ["OPTION_INVALID", () => [at("model"), at("calm.jsonl"), "--save-baseline", at("x.json")]],
    ["OPTION_INVALID", () => [at("model"), at("calm.jsonl"), "--window", "20"]],
    ["OPTION_INVALID", () => [at("model"), at("calm.jsonl"), "--absent"]],
    [
      "OPTION_INVALID",
      () => [at("model"), at("calm.jsonl"), "--baseline", at("monitor.json"), "--reference", at("held-out.csv")],
    ],
    ["OPTION_INVALID", () => [at("model"), at("calm.jsonl"), "--ignore", "monthlyCharge"]],
  ])("says what is wrong: %s", async (code, args) => {
    await expect(monitor(...args())).rejects.toMatchObject({ name: "ChurnkitError", code });
  });
});
