import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonLinesSink, readMetricLines } from "../../src/io/metrics/json-lines-sink.js";
import { at, metricSinkConformance, seriesOf } from "../conformance/metric-sink.js";
import { newFolder } from "../helpers/folder.js";

const newPath = (): string => join(newFolder(), "deep/er/metrics.jsonl");
const read = async (path: string): Promise<readonly number[]> =>
  (await readMetricLines(path)).points.map(({ value }) => value);
const runs = (value: number): { name: string; value: number; at: Date } => ({
  name: "pipeline_runs_total",
  value,
  at: at(0),
});

metricSinkConformance("JSON lines", () => {
  const path = newPath();
  const sink = jsonLinesSink(path);
  const points = async () =>
    readMetricLines(path).catch((error: unknown) =>
      (error as { cause: { code: string } }).cause.code === "ENOENT" ? { points: [] } : Promise.reject(error as Error),
    );
  return { sink, read: async () => seriesOf((await points()).points) };
});

describe("jsonLinesSink", () => {
  it("may be rotated", async () => {
    const path = newPath();
    const sink = jsonLinesSink(path);
    await sink.write([runs(1)]);
    renameSync(path, `${path}.1`);
    await sink.write([runs(2)]);
    expect([await read(`${path}.1`), await read(path)]).toEqual([[1], [2]]);
  });

  it("writes one object a line", async () => {
    const path = newPath();
    const sink = jsonLinesSink(path);
    await sink.write([{ name: "ModelAccuracy", value: 0.5, labels: { model: "churn" }, at: at(0) }, runs(1)]);
    expect(readFileSync(path, "utf8")).toBe(
      '{"at":"2026-11-21T12:00:00.000Z","name":"model_accuracy","value":0.5,"unit":"ratio","labels":{"model":"churn"}}\n' +
        '{"at":"2026-11-21T12:00:00.000Z","name":"pipeline_runs_total","value":1,"unit":"count","labels":{}}\n',
    );
    await sink.close?.();
  });

  it("reads and writes on after a kill that tore a line anywhere", async () => {
    const path = newPath();
    let sink = jsonLinesSink(path);
    await sink.write([runs(1), runs(2)]);
    await sink.close?.();
    const whole = readFileSync(path);
    const first = whole.indexOf(10) + 1;
    for (let length = first; length <= whole.length; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      // A line without its end is whole all the same.
      const complete = length >= whole.length - 1;
      expect(await readMetricLines(path)).toMatchObject({
        points: complete ? [runs(1), runs(2)] : [runs(1)],
        skipped: complete || length === first ? [] : [2],
      });
      sink = jsonLinesSink(path);
      await sink.write([runs(3)]);
      await sink.close?.();
      expect(await read(path)).toEqual(complete ? [1, 2, 3] : [1, 3]);
    }
  });

  it("shares its file with others", async () => {
    const path = newPath();
    const sinks = Array.from({ length: 4 }, () => jsonLinesSink(path));
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => sinks[i % 4]?.write([runs(i), runs(i)]) ?? Promise.resolve()),
    );
    await Promise.all(sinks.map((sink) => sink.close?.() ?? Promise.resolve()));
    const { points, skipped } = await readMetricLines(path);
    expect(skipped).toEqual([]);
    expect(points.map(({ value }) => value).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 400 }, (_, i) => i >> 1),
    );
  });

  it("skips and names lines that are no points", async () => {
    const path = newPath();
    const sink = jsonLinesSink(path);
    await sink.write([runs(1)]);
    appendFileSync(
      path,
      '\nnull\n[]\n{"name":"nosuch","value":1,"at":"2026-01-01"}\n{"name":"pipeline_runs_total","value":null,"at":"2026-01-01"}\n{"name":"pipeline_runs_total","value":2,"at":"x"}\n',
    );
    await sink.write([runs(2)]);
    expect(await readMetricLines(path)).toMatchObject({ points: [runs(1), runs(2)], skipped: [3, 4, 5, 6, 7] });
    await sink.close?.();
  });

  it("says what it cannot do", async () => {
    await expect(readMetricLines(newPath())).rejects.toMatchObject({
      code: "IO_FAILED",
      message: expect.stringContaining("metrics.jsonl") as string,
    });
    const folder = newFolder();
    await expect(jsonLinesSink(folder).write([runs(1)])).rejects.toMatchObject({ code: "IO_FAILED" });
    const path = join(folder, "sub/metrics.jsonl");
    writeFileSync(join(folder, "sub"), "a file in the way");
    const sink = jsonLinesSink(path);
    await expect(sink.write([runs(1)])).rejects.toMatchObject({ code: "IO_FAILED" });
    // And tries again after a failure.
    rmSync(join(folder, "sub"));
    await sink.write([runs(2)]);
    expect(await read(path)).toEqual([2]);
    await sink.close?.();
  });
});
