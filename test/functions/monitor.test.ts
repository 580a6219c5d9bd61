import { beforeAll, expect, it } from "vitest";
import { readableJson } from "../../src/base/json/index.js";
import { monitorFunction } from "../../src/deploy/functions/index.js";
import { memorySink, memoryStore } from "../../src/io/index.js";
import { virtualClock } from "../../src/rehearsal/index.js";
import { captureToStore } from "../../src/monitor/index.js";
import { awsTarget as target } from "../helpers/aws-target.js";
import { customers, predictionsOf, start, watchedModel, type Watched } from "../monitor/watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

const hour = 3_600_000;
const event = { time: new Date(start + hour + 660_000).toISOString() };

it("compares what the endpoint captured with the version on duty, and says when there is none", async () => {
  const [store, sink, clock] = [memoryStore(), memorySink(), virtualClock(start + 2 * hour)];
  const monitor = monitorFunction({ target, store, sink, clock });
  expect(await monitor(event)).toEqual({
    done: false,
    message: "No release has brought a version on duty at churn-dev yet.",
  });

  await store.put("monitors/churn-dev/baseline.json", readableJson({ version: 7, baseline: watched.baseline }));
  const writer = captureToStore(store, { prefix: "captured/churn-dev", writer: "web" });
  const captured = predictionsOf(watched, customers(400), hour - 1, start, "a");
  await writer.write(
    captured.map(({ record, probability, id, at }) => ({
      ...{ id, record, probability, label: null, version: null },
      at: new Date(at).toISOString(),
    })),
  );
  await writer.close();

  expect(await monitor(event)).toMatchObject({ done: true, predictions: 400 });
  expect(await monitor(event)).toMatchObject({ done: false, predictions: 0 });
  const keys = (await store.list("monitoring/")).map(({ key }) => key);
  expect(keys).toContain("monitoring/churn-dev/v7/state.json");
  expect(sink.points().length).toBeGreaterThan(0);
  expect(sink.points().every(({ labels }) => labels?.["model"] === watched.baseline.model.name)).toBe(true);
});
