import { beforeAll, describe, expect, it } from "vitest";
import type { MonitorRun } from "../../src/monitor/run-monitor.js";
import { days, runMonitor } from "../../src/monitor/index.js";
import { memoryStore } from "../../src/io/index.js";
import { monitorReportHtml } from "../../src/report/index.js";
import { customers, predictionsOf, start, watchedModel, type Watched } from "./watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

const rows = 60;
const ids = (of: (i: number) => string): string[] => Array.from({ length: rows }, (_, i) => of(i));

/** Each side's ids as a file spells them: JSON of a captured id, and lines of labels. */
async function run(captured: readonly string[], labels: string, name = "labels.csv"): Promise<MonitorRun> {
  const store = memoryStore();
  const lines = predictionsOf(watched, customers(rows), 3_600_000).map(
    ({ record, probability, at }, i) =>
      `{"id":${captured[i] ?? "null"},"at":"${new Date(at).toISOString()}","record":${JSON.stringify(record)},"probability":${probability ?? "null"},"label":null,"version":null}`,
  );
  await store.put("captured.jsonl", new TextEncoder().encode(lines.join("\n")));
  await store.put(name, new TextEncoder().encode(labels));
  return runMonitor({
    store,
    prefix: "captured.jsonl",
    labelsPrefix: name,
    baseline: watched.baseline,
    labels: { window: days(30) },
    now: start + days(40),
  });
}

const csv = (given: readonly string[]): string => `id,outcome\n${given.map((id, i) => `${id},${i % 2}`).join("\n")}`;
const unjoinedOf = ({ report }: MonitorRun) => report.monitors.modelQuality.finding.unjoined;
const whole = ids((i) => String(1000 + i));
const quoted = whole.map((id) => `"${id}"`);
const labeledOf = ({ report }: MonitorRun): number => report.monitors.modelQuality.finding.outcomes.labeled;

describe("labels that do not join", () => {
  it.each([
    ["1000.0 for 1000", whole.map((id) => `${id}.0`), "number"],
    ["01000 for 1000", whole.map((id) => `0${id}`), "number"],
    ["1.000e3 for 1000", whole.map((id) => Number(id).toExponential()), "number"],
  ])("%s: how many, why, and an id of either side", async (_, given, cause) => {
    const found = await run(quoted, csv(given));
    const { unjoined } = found.report.monitors.modelQuality.finding;
    expect(unjoined).toMatchObject({ labels: rows, of: rows, causes: [{ cause, labels: rows }] });
    const [pair] = unjoined?.causes ?? [];
    expect(given.indexOf(pair?.label ?? "")).toBe(whole.indexOf(pair?.prediction ?? ""));
    expect(found.report.monitors.modelQuality.message).toMatch(
      /^No label joins a prediction: 60 labels arrived with ids such as .*60 are the same number in another spelling/,
    );
    expect(await monitorReportHtml(found.report)).toContain("60 of 60 labels join no prediction");
  });

  it("counts a part of them, and those in other letters", async () => {
    const given = ids((i) => (i < 40 ? `c-${i}` : i < 55 ? `C-${i}` : `x${i}`));
    const found = await run(
      ids((i) => `"c-${i}"`),
      csv(given),
    );
    expect(unjoinedOf(found)).toMatchObject({ labels: 20, of: 60, causes: [{ cause: "letters", labels: 15 }] });
    expect(found.report.monitors.modelQuality.message).toContain(
      "20 of 60 labels join no prediction: 15 are the same text with different case or blanks",
    );
    expect(labeledOf(found)).toBe(40);
  });

  it("null where all join, numbers and blanks among them", async () => {
    const numbers = whole.map((id, i) => `{"id":${id},"outcome":${i % 2}}`).join("\n");
    for (const found of [
      await run(quoted, csv(whole)),
      await run(whole, csv(whole.map((id) => ` ${id} `))),
      await run(quoted, numbers, "labels.jsonl"),
    ]) {
      expect(unjoinedOf(found)).toBeNull();
      expect(labeledOf(found)).toBe(rows);
    }
  });

  it("ids above 2^53 were rounded to their neighbors", async () => {
    const large = ids((i) => String(9_007_199_254_740_993n + BigInt(i)));
    const lines = large.map((id, i) => `{ "id": ${id}, "outcome": ${i % 2} }`).join("\n");
    const truth = large
      .map(
        (id, i) =>
          `{"groundTruthData":{"data":"${i % 2}","encoding":"CSV"},"eventMetadata":{"eventId":${id}},"eventVersion":"0"}`,
      )
      .join("\n");
    for (const found of [
      await run(
        large.map((id) => `"${id}"`),
        lines,
        "labels.jsonl",
      ),
      await run(large, csv(large)),
      await run(large, truth, "labels.jsonl"),
    ]) {
      expect(found.read.issues).toEqual([]);
      expect(unjoinedOf(found)).toBeNull();
      expect(found.report.monitors.modelQuality.finding.outcomes).toMatchObject({
        labeled: rows,
        positives: rows / 2,
        conflicting: 0,
      });
    }
    const neighbors = await run(
      large.map((id) => `"${id}"`),
      csv(large.map((id) => `${id}.0`)),
    );
    const [pair] = unjoinedOf(neighbors)?.causes ?? [];
    expect(pair).toMatchObject({ cause: "number", labels: rows });
    expect(pair?.label).toBe(`${pair?.prediction ?? ""}.0`);
  });

  it("counts labels of both outcomes, and says why lines hold none", async () => {
    const found = await run(quoted, `${csv(whole)}\n1000,1\n1001,1\n1002,maybe\n,1\n`);
    expect(found.report.monitors.modelQuality.finding.outcomes).toMatchObject({
      labeled: rows - 1,
      unlabeled: 1,
      conflicting: 1,
    });
    expect(found.report.monitors.modelQuality.message).toContain("1 predictions have labels of both outcomes");
    expect(found.read).toMatchObject({
      badLabels: 2,
      badLabelCauses: [expect.stringMatching(/^the outcome "maybe" is not a class; send /) as string, "it has no id"],
    });
  });
});
