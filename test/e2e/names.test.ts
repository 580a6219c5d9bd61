import { writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { register } from "../../src/cli/commands/predict.js";
import { defineFeatures } from "../../src/data/features/define.js";
import { inferDelimited } from "../../src/data/read/infer-source.js";
import { readDelimited } from "../../src/data/read/csv.js";
import { split } from "../../src/data/split/split.js";
import type { Table } from "../../src/data/table/table.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import { csvLine } from "../../src/data/table/csv-line.js";
import { compareTables, driftAgainst } from "../../src/drift/index.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import {
  captureLog,
  createMonitor,
  days,
  driftPoints,
  monitorBaseline,
  readCaptureLines,
  withMonitorBaseline,
} from "../../src/monitor/index.js";
import { captureLine } from "../../src/monitor/capture/write.js";
import { monitorBaselineOf, parseMonitorBaseline } from "../../src/monitor/baseline/parse-baseline.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { prometheusSink } from "../../src/io/metrics/prometheus-sink.js";
import { toBundleFiles } from "../../src/model/bundle/format.js";
import { openBundle, type Bundle } from "../../src/model/bundle/open.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { importanceByColumn } from "../../src/model/explain/importance.js";
import { explainerOf } from "../../src/model/explain/explainer.js";
import { reasons } from "../../src/model/explain/reasons.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { train } from "../../src/model/training/train.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { signatureOf } from "../../src/registry/signature/signature.js";
import { signatureTypes } from "../../src/registry/signature/signature-types.js";
import { driftReportHtml, monitorReportHtml } from "../../src/report/index.js";
import { createHandler } from "../../src/serving/handler.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb } from "../helpers/run-verb.js";
import { errorsOf } from "../registry/compile-texts.js";
import { asText, request } from "../serving/request.js";

/** Names that something here, or JavaScript, calls its own. */
const ours = [
  "prediction",
  "prediction (model)",
  "predictions",
  "label",
  "probability",
  "error",
  "row",
  "threshold",
  "id",
  "target",
  "__score",
  "score",
  "records",
  "issues",
  "columns",
  "warnings",
  "model",
  "version",
];
const javaScripts = [
  "toString",
  "valueOf",
  "hasOwnProperty",
  "length",
  "then",
  "toJSON",
  "__defineGetter__",
  "name",
  "0",
  "-1",
  "undefined",
  "null",
  "NaN",
  "true",
];
const odd = [
  "a.b[0]\\.c",
  `"quoted"`,
  "it's",
  "a,b;c|d",
  "line\nbreak",
  "tab\there",
  "😀 mood",
  "é",
  "<script>alert(1)</script>",
  "${x}",
  "=1+1",
  "{datum}",
  "%s",
  "*/",
  "a\u2028b",
];
/** The first of a list of names is the id, the second the target. */
const lists: Readonly<Record<string, readonly string[]>> = {
  "names of ours": ours,
  "a target called prediction": [
    "probability",
    "prediction",
    ...ours.filter((name) => !["probability", "prediction"].includes(name)),
  ],
  "an id called error": ["error", "label", "prediction", "row", "threshold"],
  "names of JavaScript's": javaScripts,
  "a target called toString": ["length", "toString", "valueOf", "then", "prediction"],
  "odd characters": odd,
  "an odd target": ["line\nbreak", "😀 mood", ...odd.filter((name) => !["line\nbreak", "😀 mood"].includes(name))],
};

/** Rows whose odd features are numbers and even ones labels; the first number tells the class, for the most part. */
function csvOf(names: readonly string[], rows: number, seed: number): string {
  const random = uniform(seed);
  const lines = Array.from({ length: rows }, (_, i) => {
    const features = names
      .slice(2)
      .map((_, f) =>
        f % 2 === 0 ? Math.round(random() * 1000) / 10 : (["red", "green", "blue"][Math.floor(random() * 3)] ?? ""),
      );
    const left = Number(features[0]) + 30 * random() > 65;
    return csvLine([`c-${seed}-${i}`, left ? "yes" : "no", ...features]);
  });
  return csvLine(names) + lines.join("");
}

async function read(names: readonly string[], csv: string): Promise<Table> {
  const bytes = new TextEncoder().encode(csv);
  const [id = "", target = ""] = names;
  const { contract } = await inferDelimited(bytes, {
    name: "names",
    id: [id],
    target,
    positive: "yes",
    delimiter: ",",
  });
  return readDelimited(contract, bytes, { delimiter: "," });
}

describe.each(Object.entries(lists))("%s", (_, names) => {
  const [id = "", target = "", ...features] = names;
  let table: Table;
  let bundle: Bundle;
  let records: Record<string, unknown>[];
  beforeAll(async () => {
    table = await read(names, csvOf(names, 240, 1));
    const { train: rows, test } = split(table, { seed: 1 });
    const { artifact } = await train(defineFeatures(table.contract), rows, {
      learner: logistic(),
      baseline: false,
      seed: 1,
      workers: 0,
    });
    const watched = withMonitorBaseline(
      artifact,
      await monitorBaseline({ artifact, table: test, facets: [{ column: features[1] ?? "" }], attributionRows: 20 }),
    );
    bundle = await openBundle(await toBundleFiles(watched));
    records = Array.from({ length: 40 }, (_, i) =>
      Object.fromEntries(features.map((name, f) => [name, f % 2 === 0 ? 20 + i : "red"])),
    );
  });

  it("has a baseline with each of its names once", () => {
    const kept = bundle.artifact.baseline.columns.map(({ name }) => name);
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept).toEqual(expect.arrayContaining([target, ...features]));
    expect(kept).toHaveLength(features.length + 2);
  });

  it("is compared, by tables and by the baseline, with the probabilities apart from every column", async () => {
    const later = await read(names, csvOf(names, 200, 2));
    const predictions = { reference: bundle.scorer.score(table), current: bundle.scorer.score(later) };
    const reports = [
      compareTables(table, later, { predictions }),
      driftAgainst(bundle.artifact.baseline, later, { predictions: predictions.current }),
    ];
    for (const report of reports) {
      const roles = report.columns.map(({ name, role }) => [name, role] as const);
      expect(new Set(report.columns.map(({ name }) => name)).size).toBe(report.columns.length);
      expect(roles.filter(([, role]) => role === "prediction")).toHaveLength(1);
      expect(
        roles
          .filter(([, role]) => role === "feature")
          .map(([name]) => name)
          .sort(),
      ).toEqual([...features].sort());
      expect(roles.filter(([, role]) => role === "target")).toEqual([[target, "target"]]);
      expect(await driftReportHtml(report, {})).toContain("<html");
      const sink = prometheusSink();
      await sink.write(driftPoints(report, { at: new Date(0) }));
      expect(
        sink
          .render()
          .split("\n")
          .filter((line) => line.startsWith("feature_drift_score")),
      ).toHaveLength(features.length);
    }
  });

  it("is explained by each of its names", async () => {
    expect([...importanceByColumn((await explainerOf(bundle.artifact)).explain(table)).keys()].sort()).toEqual(
      [...features].sort(),
    );
    const explainer = await explainerOf(bundle.artifact);
    expect(reasons(explainer, records[39], { top: 50 }).reasons.map(({ column }) => column)).toContain(features[0]);
  });

  it("is watched, from what was captured on", async () => {
    const baseline = monitorBaselineOf(bundle.artifact);
    expect(parseMonitorBaseline(JSON.parse(JSON.stringify(baseline)))).toEqual(JSON.parse(JSON.stringify(baseline)));
    const start = Date.UTC(2026, 0, 1);
    const scored = bundle.scorer.scoreRecords(records);
    const lines = scored.map(({ probability, label }, i) =>
      captureLine({
        id: `p${i}`,
        at: new Date(start + i).toISOString(),
        record: { ...records[i], [id]: `p${i}` },
        probability,
        label,
        version: "1",
      }),
    );
    const log = captureLog();
    const monitor = createMonitor(baseline, { labels: { window: days(30), absent: "negative" } });
    for await (const { id: of, at, record, probability } of readCaptureLines(new TextEncoder().encode(lines.join("")), {
      contract: baseline.contract,
      log,
    })) {
      monitor.add(record, probability, { at: Date.parse(String(at)), id: of ?? "" });
    }
    const report = monitor.judge(start + hours(5));
    expect([log.list(), report.rows]).toEqual([[], expect.objectContaining({ kept: 40, rejected: 0, unscored: 0 })]);
    expect(report.monitors.dataQuality.finding.extraColumns).toEqual([]);
    expect(report.monitors.dataQuality.finding.drift?.features.compared).toBe(features.length);
    expect(await monitorReportHtml(report)).toContain("<html");
  });

  it("is served, one by one and in batches", async () => {
    const handler = asText(createHandler({ scorer: bundle.scorer, name: "names", version: "1", source: "test" }));
    const post = async (path: string, value: unknown): Promise<unknown> => {
      return JSON.parse((await handler(request(path, value))).body) as unknown;
    };
    const one = await post("/predict", records[0]);
    expect(one).toMatchObject({
      prediction: expect.stringMatching(/^(yes|no)$/) as string,
      probability: expect.any(Number) as number,
    });
    expect(one).not.toHaveProperty("warnings");
    expect(await post("/batch-predict", { records })).toMatchObject({ count: 40, failed: 0 });
  });

  it("is registered with a signature whose types compile", async () => {
    const registry = storeRegistry(memoryStore(), { name: "names" });
    await registry.register(bundle.artifact);
    const loaded = await registry.load("1");
    expect(loaded.scorer.scoreRecords(records)).toEqual(bundle.scorer.scoreRecords(records));
    const types = await signatureTypes(signatureOf(table.contract), { name: "names" });
    expect(errorsOf(new Map([["names.ts", types]]))).toEqual([]);
  });

  it("is read back from records as it is from a file", () => {
    const again = tableFromRecords(table.contract, records, { target: "ignore" });
    expect([again.rows, again.rejected, again.extraColumns]).toEqual([records.length, [], []]);
  });

  it("is predicted with no two columns of one name", async () => {
    const folder = newFolder();
    const [model, file, out] = ["model", "rows.csv", "scores.csv"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await saveBundle(bundle.artifact, model);
    writeFileSync(file, csvOf(names, 20, 3));
    await runVerb(register, ["predict", model, file, "--delimiter", ",", "--out", out]);
    const { columns: header } = (await inferDelimited(readFileSync(out), { delimiter: "," })).contract;
    expect(new Set(header.map(({ name }) => name)).size).toBe(header.length);
    expect(header[0]?.name).toBe(id);
    expect(header.length).toBeGreaterThanOrEqual(4);
  });
});

it.each(["__proto__", "constructor", "prototype"])("a column called %s is refused", async (name) => {
  await expect(inferDelimited(new TextEncoder().encode(csvOf(["id", "left", name, "b"], 20, 1)))).rejects.toMatchObject(
    { code: "INPUT_COLUMNS" },
  );
});
