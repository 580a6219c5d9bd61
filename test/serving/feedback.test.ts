import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { outcomesAt } from "../../src/monitor/counting/labels.js";
import { createMonitor, days, parseMonitorState, type Monitor, type MonitorState } from "../../src/monitor/index.js";
import { contractOf } from "../../src/data/index.js";
import { type Feedback, readFeedback } from "../../src/serving/feedback.js";
import { createHandler, withMonitor, type Handler, type ServedModel } from "../../src/serving/index.js";
import { customers, start, watchedModel, type Watched } from "../monitor/watched.js";
import { asText, request } from "./request.js";

let watched: Watched;
let model: ServedModel;
beforeAll(async () => {
  watched = await watchedModel();
  model = { scorer: watched.model.scorer, name: "churn", version: "7", source: "local" };
});

const rules = { window: days(30) };
const monitorOf = (): Monitor => createMonitor(watched.baseline, { labels: rules });
const post = async (handler: Handler, path: string, body: unknown, headers: Record<string, string> = {}) => {
  const answer = await asText(handler)(request(path, body, { headers }));
  return { code: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) };
};
/** Counts of what is known long after. */
const countsOf = ({ predictions, labels }: MonitorState) =>
  outcomesAt(predictions, labels, rules, { from: 0, to: Infinity, now: start + days(90) }).counts;

describe("POST /feedback", () => {
  it("is there only where somebody takes it", async () => {
    expect(await post(createHandler(model), "/feedback", {})).toMatchObject({ code: 404 });
  });

  it("takes one entry, a list, or the member feedback, and says which it cannot read", async () => {
    const taken: Feedback[] = [];
    const handler = createHandler(model, { feedback: (given) => void taken.push(...given) });
    expect(await post(handler, "/feedback", { prediction_id: "a", outcome: "Yes" })).toEqual({
      code: 200,
      accepted: 1,
    });
    expect(await post(handler, "/feedback", [{ id: 7, outcome: 0, time: "2026-02-02" }])).toEqual({
      code: 200,
      accepted: 1,
    });
    const mixed = [
      { prediction_id: "b", treated: true },
      {},
      { id: "c" },
      { id: "c", outcome: "perhaps" },
      { id: "c", treated: 1 },
    ];
    expect(await post(handler, "/feedback", { feedback: mixed })).toMatchObject({
      code: 200,
      accepted: 1,
      refused: [
        { index: 1, message: expect.stringContaining("no prediction_id") as string },
        { index: 2, message: expect.stringContaining("neither outcome nor treated") as string },
        { index: 3, message: expect.stringContaining('"perhaps" is not a class') as string },
        { index: 4, message: expect.stringContaining("treated") as string },
      ],
    });
    expect(taken).toMatchObject([
      { predictionId: "a", label: { outcome: 1 }, treated: undefined },
      { id: "7", label: { outcome: 0, time: "2026-02-02" } },
      { predictionId: "b", label: undefined, treated: true },
    ]);
  });

  it.each<[unknown, number]>([
    ["{", 400],
    [{}, 422],
    [7, 422],
    [null, 422],
    [Array(11).fill({ id: "a", outcome: 1 }), 413],
  ])("refuses %j with a %d", async (body, code) => {
    const handler = createHandler(model, { maxBatch: 10, feedback: () => undefined });
    expect(await post(handler, "/feedback", body)).toMatchObject({ code });
  });

  it("takes every class but the positive one for the other outcome", () => {
    const schema = z.object({ usage: z.number(), plan: z.enum(["basic", "plus", "pro"]) });
    const entries = ["pro", "basic", "plus", "max"].map((outcome) => ({ id: "a", outcome }));
    const { taken, refused } = readFeedback(entries, contractOf(schema, { target: "plan", positive: "pro" }));
    expect(taken.map(({ label }) => label?.outcome)).toEqual([1, 0, 0]);
    expect(refused).toEqual([{ index: 3, message: expect.stringContaining('"pro" or "basic" or "plus"') as string }]);
  });

  it("fails where the outcome could not be kept, so that the caller sends it again", async () => {
    const handler = createHandler(model, { feedback: () => Promise.reject(new Error("the store is away")) });
    expect(await post(handler, "/feedback", { id: "a", outcome: 1 })).toMatchObject({ code: 500 });
  });
});

describe("feedback of a monitored model", () => {
  const records = customers(6);
  const nameless = { ...records[5], customerId: undefined };

  /** Scores five customers with ids and one without, and gives the ids of the predictions. */
  async function served() {
    const server = withMonitor(model, monitorOf(), { every: 1e9, now: () => start });
    for (const [i, record] of [...records.slice(0, 5), nameless].entries())
      await post(server, "/predict", record, { "x-prediction-id": `p${i}` });
    await server.flush();
    return server;
  }

  it("joins by the prediction's id, whether the record has an id or not, and by the record's", async () => {
    const server = await served();
    const late = { recorded: new Date(start + days(31)).toISOString() };
    const feedback = [
      { prediction_id: "p0", outcome: "Yes", ...late },
      { id: records[1]?.customerId, outcome: "No", ...late },
      { prediction_id: "p5", outcome: "Yes", ...late },
      { prediction_id: "nobody", outcome: "Yes", ...late },
    ];
    expect(await post(server, "/feedback", { feedback })).toMatchObject({ accepted: 4 });
    expect(countsOf(server.monitor.snapshot())).toMatchObject({
      predictions: 6,
      labeled: 3,
      positives: 2,
      unlabeled: 3,
    });
    await server.close();
  });

  it("keeps customers with an offer apart from those without, over a restart", async () => {
    const server = await served();
    await post(server, "/feedback", [
      { prediction_id: "p0", treated: true },
      { prediction_id: "p1", treated: false },
      { prediction_id: "p5", treated: true, outcome: "No" },
    ]);
    const state = server.monitor.snapshot();
    expect(countsOf(state)).toMatchObject({ predictions: 6, treated: 2, control: 1 });
    expect(countsOf(parseMonitorState(JSON.parse(JSON.stringify(state))))).toEqual(countsOf(state));
    await server.close();
  });

  it("hands on to the owner's own hook", async () => {
    const taken: Feedback[] = [];
    const server = withMonitor(model, monitorOf(), { every: 1e9, feedback: (given) => void taken.push(...given) });
    await post(server, "/feedback", { id: "a", outcome: 1 });
    expect(taken).toMatchObject([{ id: "a" }]);
    await server.close();
  });
});

it("offers and outcomes merge in any order to the same state", () => {
  const event = fc.record({
    id: fc.constantFrom("a", "b"),
    time: fc.integer({ min: 0, max: 5 }),
    treated: fc.boolean(),
    outcome: fc.option(fc.constantFrom(0 as const, 1 as const)),
  });
  const add = (
    monitor: Monitor,
    events: readonly { id: string; time: number; treated: boolean; outcome: 0 | 1 | null }[],
  ) => {
    for (const { id, time, treated, outcome } of events)
      if (outcome === null) monitor.addTreatments([{ id, time: start + days(time), treated }]);
      else monitor.addLabels([{ id, time: start + days(time), outcome }]);
    return monitor;
  };
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), fc.array(event, { maxLength: 8 }), (some, others) => {
      const together = add(monitorOf(), [...others, ...some]).snapshot();
      const merged = add(monitorOf(), some);
      merged.merge(add(monitorOf(), others).snapshot());
      // At most four reports and offers are kept under an id: those that come first in time, whatever the order.
      expect(merged.snapshot().labels).toEqual(together.labels);
    }),
    { numRuns: 30 },
  );
});
