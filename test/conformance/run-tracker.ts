import { describe, expect, it } from "vitest";
import type { RunTracker } from "../../src/tracking/runs/run.js";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** What every RunTracker must do. `make` gives a tracker of an experiment without runs. */
export function runTrackerConformance(name: string, make: () => RunTracker | Promise<RunTracker>): void {
  describe(`RunTracker: ${name}`, () => {
    it("keeps what was logged, and the end", async () => {
      const tracker = await make();
      const run = tracker.start({ name: "first try", tags: { team: "retention" } });
      run.logParameters({ learner: "logistic", penalty: 0.5, balanced: true });
      run.logMetrics({ auc: 0.84, "auc.low": 0.82 });
      run.setTags({ "git.commit": "0123abcd", note: "naïve, 100 %" });
      run.logInput({ name: "customers.csv", hash: "ab".repeat(32), source: "data/customers.csv", context: "training" });
      await run.logArtifact("report.html", "<p>é</p>");
      const binary = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
      await run.logArtifact("plots/roc.bin", binary);
      expect(await run.end()).toMatchObject({ state: "sent", kept: 0, lost: 0 });

      const found = await tracker.get(run.id);
      expect(found).toMatchObject({
        id: run.id,
        name: "first try",
        experiment: run.experiment,
        status: "finished",
        parameters: { learner: "logistic", penalty: "0.5", balanced: "true" },
        metrics: { auc: { value: 0.84, step: 0 }, "auc.low": { value: 0.82 } },
        tags: { team: "retention", "git.commit": "0123abcd", note: "naïve, 100 %" },
        inputs: [{ name: "customers.csv", context: "training" }],
      });
      expect(found.inputs[0]?.hash.slice(0, 32)).toBe("ab".repeat(16));
      expect(Date.parse(found.endedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(found.startedAt));
      expect(found.artifacts.map(({ name: path, bytes }) => [path, bytes]).sort()).toEqual([
        ["plots/roc.bin", 70_000],
        ["report.html", 9],
      ]);
      expect(text(await tracker.artifact(run.id, "report.html"))).toBe("<p>é</p>");
      expect(Buffer.from((await tracker.artifact(run.id, "plots/roc.bin")) ?? []).equals(binary)).toBe(true);
      expect(await tracker.artifact(run.id, "plots/none.bin")).toBeUndefined();
    });

    it("keeps the last value of a metric, and where it declares to, all of them in order", async () => {
      const tracker = await make();
      const run = tracker.start();
      const losses = Array.from({ length: 1_200 }, (_, i) => 1 / (i + 1));
      losses.forEach((loss, step) => run.logMetrics({ "member_2/loss": loss }, { step }));
      run.logMetrics({ auc: 0.7 }, { step: 3, at: new Date("2026-01-02T03:04:05.678Z") });
      await run.end();
      const { metrics } = await tracker.get(run.id);
      expect(metrics["member_2/loss"]).toMatchObject({ value: 1 / 1_200, step: 1_199 });
      const history = await tracker.history(run.id, "member_2/loss");
      if (tracker.capabilities.metricHistory) {
        expect(history.map(({ value }) => value)).toEqual(losses);
        expect(history.map(({ step }) => step)).toEqual(losses.map((_, i) => i));
        expect(metrics["auc"]).toEqual({ value: 0.7, step: 3, at: "2026-01-02T03:04:05.678Z" });
      } else expect(history.map(({ value }) => value)).toEqual([1 / 1_200]);
      expect(await tracker.history(run.id, "nothing")).toEqual([]);
    });

    it("nests runs, and lists the newest first", async () => {
      const tracker = await make();
      const parent = tracker.start({ name: "tuning" });
      const child = parent.start({ name: "trial 1" });
      child.logMetrics({ auc: 0.8 });
      await child.end();
      await parent.end();
      expect((await tracker.get(child.id)).parent).toBe(parent.id);
      expect((await tracker.get(parent.id)).parent).toBeUndefined();
      const listed = await tracker.list();
      expect(listed.map(({ id }) => id).sort()).toEqual([parent.id, child.id].sort());
      expect(listed.find(({ id }) => id === child.id)).toMatchObject({
        parent: parent.id,
        metrics: { auc: { value: 0.8 } },
      });
      expect(await tracker.list({ limit: 1 })).toHaveLength(1);
      expect(await tracker.list({ experiment: "nobody-knows-it" })).toEqual([]);
    });

    it.each(["failed", "killed"] as const)("says that a run %s", async (status) => {
      const tracker = await make();
      const run = tracker.start();
      await run.end(status);
      expect((await tracker.get(run.id)).status).toBe(status);
    });

    it("refuses what it cannot keep, and goes on", async () => {
      const tracker = await make();
      const run = tracker.start();
      run.logParameters({ depth: 3 });
      const refused = expect.objectContaining({ code: "OPTION_INVALID" }) as Error;
      expect(() => run.logParameters({ depth: 4 })).toThrow(refused);
      expect(() => run.logParameters({ "a\nb": 1 })).toThrow(refused);
      expect(() => run.logMetrics({ loss: "0.1" as unknown as number })).toThrow(refused);
      expect(() => run.logMetrics({ loss: 1 }, { step: 0.5 })).toThrow(refused);
      await expect(run.logArtifact("../secret", "x")).rejects.toMatchObject({ code: "OPTION_INVALID" });
      await expect(run.logArtifact("a.txt", { file: "/nowhere/a.txt" })).rejects.toMatchObject({
        code: "INPUT_NOT_FOUND",
      });
      run.logParameters({ depth: 3 });
      expect(await run.end()).toMatchObject({ state: "sent" });
      expect(() => run.logMetrics({ loss: 1 })).toThrow(refused);
      expect((await tracker.get(run.id)).parameters).toEqual({ depth: "3" });
      await expect(tracker.get("20200101-000000-00000000")).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    });

    it("keeps figures that are no numbers", async () => {
      const tracker = await make();
      const run = tracker.start();
      run.logMetrics({ loss: NaN, gain: Infinity });
      expect(await run.end()).toMatchObject({ state: "sent" });
      const { metrics } = await tracker.get(run.id);
      expect(metrics["loss"]?.value).toBeNaN();
      // MLflow keeps the largest number in its place.
      expect(metrics["gain"]?.value).toBeGreaterThan(1e300);
    });
  });
}
