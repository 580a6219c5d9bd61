import { beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { readArtifact, storeArtifact } from "../../src/jobs/artifacts.js";
import { runPipeline } from "../../src/jobs/run.js";
import { withMonitorBaseline, type MonitorReport, type MonitorState } from "../../src/monitor/index.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { customers, predictionsOf, start, watchedModel } from "../monitor/watched.js";

const bytes = (lines: readonly object[]): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n"));
const iso = (hour: number): string => new Date(start + hours(hour)).toISOString();

const store = memoryStore();
const given = {
  model: "bundle",
  captured: "file",
  early: "file",
  late: "file",
  shifted: "file",
  labels: "file",
} as const;
const inputs: Record<string, Uint8Array> = {};

describe("the job monitor", () => {
  beforeAll(async () => {
    const watched = await watchedModel();
    const { scorer } = watched.model;
    const artifact = withMonitorBaseline(watched.model.artifact, watched.baseline);
    const { sha256 } = await storeArtifact(store, "bundle", { artifact, scorer });
    inputs["model"] = (await store.get(`objects/${sha256}`))?.bytes ?? new Uint8Array();
    const all = predictionsOf(watched, customers(900), hours(6)).map(({ id, at, record, probability }) => ({
      at: new Date(at).toISOString(),
      id,
      record,
      probability,
      version: "2",
    }));
    const former = all.slice(0, 40).map((each) => ({ ...each, id: `former-${each.id}`, version: "1" }));
    inputs["captured"] = bytes([...former, ...all]);
    inputs["early"] = bytes(all.slice(0, 300));
    inputs["late"] = bytes(all.slice(300));
    const dearer = customers(900).map((each) => ({ ...each, monthlyCharges: Number(each["monthlyCharges"]) + 40 }));
    inputs["shifted"] = bytes(
      predictionsOf(watched, dearer).map(({ at, ...each }) => ({ ...each, at: new Date(at).toISOString() })),
    );
    inputs["labels"] = bytes(all.map(({ id, record }) => ({ id, outcome: record["churn"] })));
  });

  type Step = { readonly params?: object; readonly inputs: object };
  /** Runs steps of the job, and gives what the last one reports and its state. */
  async function run(steps: Readonly<Record<string, Step>>) {
    const graph = {
      inputs: given,
      steps: Object.entries(steps).map(([id, step]) => ({
        id,
        job: "monitor",
        params: step.params,
        inputs: { model: "input.model", ...step.inputs },
      })),
    };
    const { artifacts } = await runPipeline(graph, { store, inputs });
    const last = Object.keys(steps).at(-1) ?? "";
    const json = (output: string) => readArtifact(store, "json", artifacts[`${last}.${output}`]);
    return {
      report: (await json("report")) as MonitorReport & { read: { predictions: number; outside: number } },
      state: (await json("state")) as MonitorState,
      statistics: (await json("statistics")) as { dataset: { item_count: number } },
    };
  }

  it("goes on in a sequence from the state that it gave, and counts nothing twice", async () => {
    const captured = { captured: "input.captured" };
    const params = { look: "sequential", since: iso(0), version: "2" };
    const whole = await run({ whole: { params: { ...params, to: iso(6) }, inputs: captured } });
    const inParts = await run({
      first: { params: { ...params, to: iso(3) }, inputs: captured },
      second: { params: { ...params, to: iso(6) }, inputs: { ...captured, state: "first.state" } },
    });
    expect(whole.report.rows.kept).toBe(900);
    expect(whole.state.history?.closedUntil).toBe(start + hours(6));
    expect(inParts.report.monitors.dataQuality).toEqual(whole.report.monitors.dataQuality);
    expect(inParts.state).toEqual({ ...whole.state, skipped: inParts.state.skipped });
    expect(inParts.report.read).toMatchObject({ predictions: 940, outside: 490 });
  });

  it("adds the counts of another part, and judges by labels", async () => {
    const params = { now: iso(24 * 40) };
    const labels = { labels: "input.labels" };
    const parts = await run({
      early: { inputs: { captured: "input.early" } },
      both: { params, inputs: { captured: "input.late", state: "early.state", ...labels } },
    });
    expect(parts.report.rows.kept).toBe(900);
    expect(parts.statistics.dataset.item_count).toBe(900);
    expect(parts.report.monitors.modelQuality.finding.realized?.rows).toBe(600);
    const rules = { labels: { windowDays: 60 } };
    const early = await run({
      later: { params: { ...params, ...rules }, inputs: { captured: "input.late", ...labels } },
    });
    expect(early.report.monitors.modelQuality.finding.realized).toBeNull();
  });

  it("judges by the thresholds it is given, and names the step whose thresholds are wrong", async () => {
    const inputs = { captured: "input.late" };
    const report = async (params: object) => (await run({ late: { params, inputs } })).report;
    expect((await report({})).monitors.dataQuality.verdict).toBe("stable");
    const strict = await report({ policies: { data: { leastRows: 10_000 } } });
    expect(strict.monitors.dataQuality.verdict).toBe("insufficient");
    await expect(report({ policies: { data: { alpha: 7 } } })).rejects.toThrow(/step "late".*alpha/);
  });

  it("needs a model or a baseline", async () => {
    const graph = { steps: [{ id: "alone", job: "monitor" }] };
    await expect(runPipeline(graph, { store })).rejects.toThrow(/step "alone".*neither a model nor a baseline/);
  });
});

describe("the job retrain-decision", () => {
  /** Decides on a shift reported at some hour, after the decisions before. */
  async function decide(hour: number, former: Readonly<Record<string, Uint8Array>> = {}) {
    const graph = {
      inputs: { ...given, ...Object.fromEntries(Object.keys(former).map((name) => [name, "json"])) },
      steps: [
        {
          id: "monitor",
          job: "monitor",
          params: { now: iso(hour) },
          inputs: { model: "input.model", captured: "input.shifted" },
        },
        {
          id: "decide",
          job: "retrain-decision",
          inputs: {
            report: "monitor.report",
            ...Object.fromEntries(Object.keys(former).map((name) => [name, `input.${name}`])),
          },
        },
      ],
    };
    const { artifacts } = await runPipeline(graph, { store, inputs: { ...inputs, ...former } });
    const json = (output: string) => readArtifact(store, "json", artifacts[`decide.${output}`]);
    const { action, retrain, blockedBy } = (await json("decision")) as {
      action: string;
      retrain: number;
      blockedBy: readonly { kind: string }[];
    };
    return {
      said: [action, retrain, ...blockedBy.map(({ kind }) => kind)],
      state: bytes([(await json("state")) as object]),
    };
  }

  it("starts one run at a time, and waits for the cooldown after it", async () => {
    const first = await decide(6);
    expect(first.said).toEqual(["retrain", 1]);
    const meanwhile = await decide(6.1, { state: first.state });
    expect(meanwhile.said).toEqual(["wait", 0, "running"]);
    const registered = bytes([{ number: 2, semver: "1.1.0", promotion: null }]);
    const after = await decide(7, { state: meanwhile.state, end: registered });
    expect(after.said).toEqual(["wait", 0, "cooldown"]);
    expect((await decide(32, { state: after.state })).said).toEqual(["retrain", 1]);
  });

  it("takes a run that nobody has ended for crashed, and tries again after a while", async () => {
    const first = await decide(6);
    const silent = await decide(7, { state: first.state });
    expect(silent.said).toEqual(["wait", 0, "cooldown"]);
    expect((await decide(8, { state: silent.state })).said).toEqual(["retrain", 1]);
    const failed = bytes([{ status: "failed", at: iso(6.5) }]);
    expect((await decide(8, { state: first.state, end: failed })).said).toEqual(["retrain", 1]);
  });

  it("refuses what is no state and no end", async () => {
    await expect(decide(6, { state: bytes([{ pending: [] }]) })).rejects.toMatchObject({ code: "STATE_CORRUPT" });
    await expect(decide(6, { end: bytes([{ status: "odd" }]) })).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });
});
