import * as sdk from "@aws-sdk/client-sagemaker";
import { beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/store/index.js";
import { sagemakerTracker } from "../../src/tracking/sagemaker/index.js";
import { runTrackerConformance } from "../conformance/run-tracker.js";
import { seededFaults, startFaultyProxy } from "../helpers/faulty-proxy.js";
import { awsPython, motoClient, sharedMoto } from "../helpers/moto.js";
import { quickRetries } from "../helpers/quick-retries.js";

const ready = await awsPython("tracking in SageMaker Experiments");

describe.skipIf(!ready)("in SageMaker Experiments", () => {
  let url = "";
  beforeAll(async () => {
    url = (await sharedMoto()).url;
  }, 600_000);
  const client = (): sdk.SageMakerClient => new sdk.SageMakerClient(motoClient(url));
  let made = 0;

  runTrackerConformance("SageMaker", () =>
    sagemakerTracker({ store: memoryStore(), experiment: `tracker-${++made}`, clientConfig: motoClient(url) }),
  );

  it("shows runs as trial components, nested ones in their parent's trial", async () => {
    const tracker = await sagemakerTracker({
      store: memoryStore(),
      experiment: "shown",
      clientConfig: motoClient(url),
    });
    const parent = tracker.start({ name: "tuning", tags: { "git.commit": "0123abcd" } });
    const child = parent.start({ name: "trial 1" });
    child.logParameters({ depth: 3, learner: "boosting", long: "x".repeat(4_000) });
    for (let step = 0; step < 25; step++) child.logMetrics({ loss: 1 / (step + 1) }, { step });
    await child.logArtifact("report.html", "<p>");
    await child.end("failed");
    await parent.end();
    const { TrialComponentSummaries: found = [] } = await client().send(
      new sdk.ListTrialComponentsCommand({ TrialName: parent.id }),
    );
    expect(found.map(({ TrialComponentName }) => TrialComponentName).sort()).toEqual([parent.id, child.id].sort());
    const shown = await client().send(new sdk.DescribeTrialComponentCommand({ TrialComponentName: child.id }));
    expect(shown).toMatchObject({
      DisplayName: "trial-1",
      Status: { PrimaryStatus: "Failed" },
      Parameters: { depth: { NumberValue: 3 }, learner: { StringValue: "boosting" } },
      OutputArtifacts: {
        "report.html": { MediaType: "text/html", Value: `memory/shown/${child.id}/artifacts/report.html` },
      },
    });
    expect(shown.Parameters?.["long"]?.StringValue).toHaveLength(2_500);
    expect(shown.Metrics).toMatchObject([{ MetricName: "loss", Last: 1 / 25, Max: 1, Count: 25 }]);
  });

  it("shows a run whole behind a connection where calls fail", async () => {
    const proxy = await startFaultyProxy(
      url,
      seededFaults(5, 0.2, ["error", "error-after", "throttle", "reset", "lost"]),
    );
    const store = memoryStore();
    const spool = memoryStore();
    const clientConfig = { ...motoClient(proxy.url), retryStrategy: quickRetries(2) };
    const tracker = await sagemakerTracker({ store, spool, experiment: "shaky", clientConfig });
    const run = tracker.start({ name: "shaky" });
    for (let step = 0; step < 60; step++) run.logMetrics({ loss: step }, { step });
    run.logParameters({ depth: 3 });
    expect((await run.end()).lost).toBe(0);
    for (let tries = 0; tries < 40 && (await tracker.sync()).waiting.length > 0; tries++);
    await proxy.stop();
    expect(proxy.applied.size).toBeGreaterThan(1);
    expect((await tracker.history(run.id, "loss")).map(({ value }) => value)).toEqual(
      Array.from({ length: 60 }, (_, i) => i),
    );
    const shown = await client().send(new sdk.DescribeTrialComponentCommand({ TrialComponentName: run.id }));
    expect(shown).toMatchObject({ Status: { PrimaryStatus: "Completed" }, Parameters: { depth: { NumberValue: 3 } } });
    expect(shown.Metrics).toMatchObject([{ MetricName: "loss", Count: 60, Last: 59 }]);
  });

  it("refuses an experiment that SageMaker cannot have", async () => {
    await expect(
      sagemakerTracker({ store: memoryStore(), experiment: "a b", clientConfig: motoClient(url) }),
    ).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
