import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { mlflowTracker } from "../../src/tracking/mlflow/index.js";

const token = "sesame-9f3b";

describe("an MLflow server that takes no runs", () => {
  it.each([
    [401, /requires authentication/],
    [403, /does not allow this/],
    [503, /still failed after the retries/],
  ])("answers %i: the run is kept, and no credential with it", async (status, words) => {
    const spool = memoryStore();
    const told: string[] = [];
    const tracker = mlflowTracker({
      trackingUri: "https://mlflow.example/base",
      token,
      retries: 0,
      spool,
      onProblem: (message) => told.push(message),
      fetch: () => Promise.resolve(Response.json({ error_code: "X", message: `bad token ${token}` }, { status })),
    });
    const run = tracker.start();
    run.logMetrics({ auc: 0.8 });
    const end = await run.end();
    expect(end).toMatchObject({ state: "kept", kept: 3, problem: expect.stringMatching(words) as string });
    expect(told).toHaveLength(1);
    const kept = await Promise.all((await spool.list("")).map(async ({ key }) => (await spool.get(key))?.bytes));
    const text = kept.map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    expect(text).toContain("mlflow+https://mlflow.example/base/churn");
    expect(`${text}${JSON.stringify(end)}${told.join("")}`).not.toContain(token);
    await expect(tracker.list()).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("hangs: the end of the run ends the call", async () => {
    const calls: AbortSignal[] = [];
    const hanging: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        const { signal } = init ?? {};
        if (signal === undefined || signal === null) throw new Error("a call without a signal");
        calls.push(signal);
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    const tracker = mlflowTracker({
      trackingUri: "http://mlflow.example",
      fetch: hanging,
      spool: memoryStore(),
      endMs: 50,
    });
    expect(await tracker.start().end()).toMatchObject({ state: "kept", kept: 2 });
    expect(calls.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("is no address, or has a password in it", () => {
    const refused = (trackingUri: string): unknown => {
      try {
        return mlflowTracker({ trackingUri });
      } catch (error) {
        return error;
      }
    };
    expect(refused("mlflow.example")).toMatchObject({ code: "OPTION_INVALID" });
    expect(refused("http://ada:secret@mlflow.example")).toMatchObject({
      code: "OPTION_INVALID",
      message: expect.not.stringContaining("secret") as string,
    });
  });
});
