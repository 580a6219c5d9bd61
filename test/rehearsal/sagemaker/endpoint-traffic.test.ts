import { GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CreateModelCommand, type CreateEndpointConfigCommandInput } from "@aws-sdk/client-sagemaker";
import { InvokeEndpointAsyncCommand, InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { createServer } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { captureLog } from "../../../src/monitor/capture/capture.js";
import { readCaptureLines } from "../../../src/monitor/capture/read.js";
import type { RehearsalOptions } from "../../../src/rehearsal/rehearse.js";
import { sampleContract } from "../../helpers/artifact.js";
import { archive, customer, endpointWorld, type EndpointWorld } from "../../helpers/endpoint-world.js";

/** A container that is healthy and never answers a request. */
const hanging: RehearsalOptions["container"] = (_, { env, signal }) =>
  new Promise((resolve) => {
    const server = createServer(({ url }, response) => void (url === "/ping" && response.end()));
    server.listen(Number(env["SAGEMAKER_BIND_TO_PORT"]), "127.0.0.1");
    signal.addEventListener("abort", () => server.close(() => resolve(0)).closeAllConnections());
  });

const opened: EndpointWorld[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

async function world(options: RehearsalOptions = {}): Promise<EndpointWorld> {
  const made = await endpointWorld(options);
  opened.push(made);
  return made;
}

/** Without types of content everything is captured in base64. */
const captured = (InitialSamplingPercentage = 100, types?: object): Partial<CreateEndpointConfigCommandInput> => ({
  DataCaptureConfig: {
    EnableCapture: true,
    InitialSamplingPercentage,
    DestinationS3Uri: "s3://churn-data/captured",
    CaptureOptions: [{ CaptureMode: "Input" }, { CaptureMode: "Output" }],
    ...types,
  },
});

const textAt = async ({ store }: EndpointWorld, key: string): Promise<string> =>
  new TextDecoder().decode((await store.get(key))?.bytes);

describe("traffic of endpoints, rehearsed", () => {
  it("is captured in SageMaker's files, which the monitors read", async () => {
    const made = await world();
    const { config, endpoint, invoke, describe: described, store, pass, rehearsal } = made;
    const CaptureContentTypeHeader = { JsonContentTypes: ["application/json"] };
    await config("c1", [{}], captured(100, { CaptureContentTypeHeader }));
    await endpoint("churn", "c1");
    expect((await described("churn")).DataCaptureConfig).toMatchObject({ CaptureStatus: "Started" });
    const at = new Date(rehearsal.clock.now()).toISOString();
    const { probability } = await invoke("churn", { InferenceId: "c-17" });
    await invoke("churn");
    await pass(2);
    const files = (await store.list("captured/")).map(({ key }) => key);
    expect(files).toEqual([
      expect.stringMatching(/^captured\/churn\/main\/2026\/01\/01\/00\/10-00-000-[0-9a-f-]{36}\.jsonl$/),
    ]);
    const text = await textAt(made, files[0] ?? "");
    expect(JSON.parse(text.split("\n")[0] ?? "")).toMatchObject({
      captureData: {
        endpointInput: { mode: "INPUT", encoding: "JSON", observedContentType: "application/json" },
        endpointOutput: { mode: "OUTPUT", encoding: "JSON" },
      },
      eventMetadata: { inferenceId: "c-17", inferenceTime: "2026-01-01T00:10:00Z" },
      eventVersion: "0",
    });
    const log = captureLog();
    const read = [];
    for await (const each of readCaptureLines(new TextEncoder().encode(text), { contract: sampleContract, log }))
      read.push(each);
    expect(log.list()).toEqual([]);
    expect(read).toMatchObject([
      { id: "c-17", at, probability, record: { tenure: customer["tenure"] } },
      { probability },
    ]);
  });

  it("is captured in part where only a part is asked for", async () => {
    const made = await world();
    const { config, endpoint, invoke, store, pass } = made;
    await config("c1", [{}], captured(25));
    await endpoint("churn", "c1");
    for (let i = 0; i < 60; i++) await invoke("churn");
    await pass(2);
    const [file] = await store.list("captured/");
    const lines = (await textAt(made, file?.key ?? "")).trim().split("\n");
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(30);
    const data = Buffer.from(JSON.stringify(customer)).toString("base64");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ captureData: { endpointInput: { encoding: "BASE64", data } } });
  });

  it("is copied to a shadow, whose answers nobody gets and whose errors nobody sees", async () => {
    const misbehave: RehearsalOptions["misbehave"] = ({ variant }) =>
      variant === "shadow" ? { errors: 0.5 } : undefined;
    const made = await world({ misbehave });
    const { config, endpoint, invoke, describe: described, cloudWatch, store, pass, rehearsal } = made;
    const shadow = {
      VariantName: "shadow",
      ModelName: "v2",
      InstanceType: "ml.m5.large",
      InitialInstanceCount: 1,
    } as const;
    await config("c1", [{}], { ShadowProductionVariants: [shadow], ...captured() });
    await endpoint("churn", "c1");
    const begin = rehearsal.clock.now();
    expect((await described("churn")).ShadowProductionVariants).toMatchObject([{ VariantName: "shadow" }]);
    for (let i = 0; i < 10; i++) expect((await invoke("churn")).variant).toBe("main");
    await pass(2);
    const { Datapoints } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        ...{
          Namespace: "AWS/SageMaker",
          MetricName: "Invocation5XXErrors",
          Period: 60,
          Statistics: ["Sum", "SampleCount"],
        },
        StartTime: new Date(begin),
        EndTime: new Date(rehearsal.clock.now()),
        Dimensions: [
          { Name: "EndpointName", Value: "churn" },
          { Name: "VariantName", Value: "shadow" },
        ],
      }),
    );
    expect(Datapoints).toMatchObject([{ Sum: 5, SampleCount: 10 }]);
    const lines = async (variant: string) => {
      const [file] = await store.list(`captured/churn/${variant}/`);
      return (await textAt(made, file?.key ?? ""))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { eventMetadata: { eventId: string; invocationSource?: string } });
    };
    const [own, copies] = [await lines("main"), await lines("shadow")];
    expect([own.length, copies.length]).toEqual([10, 5]);
    expect(copies[0]?.eventMetadata.invocationSource).toBe("ShadowExperiment");
    expect(own.map(({ eventMetadata }) => eventMetadata.eventId)).toContain(copies[0]?.eventMetadata.eventId);
  });

  it("waits in a queue where the endpoint is asynchronous, and its answers come into a bucket", async () => {
    const made = await world({ functions: {} });
    const { config, endpoint, runtime, store, pass } = made;
    const AsyncInferenceConfig = {
      OutputConfig: { S3OutputPath: "s3://churn-data/answers", S3FailurePath: "s3://churn-data/failed" },
    };
    await config("c1", [{}], { AsyncInferenceConfig });
    await endpoint("churn", "c1");
    await store.put("asked/one.json", new TextEncoder().encode(JSON.stringify(customer)));
    const ask = (InputLocation: string) =>
      runtime.send(
        new InvokeEndpointAsyncCommand({ EndpointName: "churn", InputLocation, ContentType: "application/json" }),
      );
    const good = await ask("s3://churn-data/asked/one.json");
    const bad = await ask("s3://churn-data/asked/none.json");
    expect(good.$metadata.httpStatusCode).toBe(202);
    expect(await store.list("answers/")).toEqual([]);
    await pass(1);
    const keyOf = (uri = ""): string => uri.replace("s3://churn-data/", "");
    expect(await textAt(made, keyOf(good.OutputLocation))).toMatch(/"probability":0\.\d/);
    expect(await textAt(made, keyOf(bad.FailureLocation))).toMatch(/none\.json/);
    await expect(
      runtime.send(new InvokeEndpointCommand({ EndpointName: "churn", Body: "{}", ContentType: "application/json" })),
    ).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringMatching(/InvokeEndpointAsync/) as unknown,
    });
  });

  it("is given up after a minute where a container does not answer, and counts as an error of the server", async () => {
    const { config, endpoint, invoke } = await world({ container: hanging });
    await config("c1", [{}]);
    await endpoint("churn", "c1");
    const limits: number[] = [];
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      limits.push(ms);
      const limit = new AbortController();
      setTimeout(() => limit.abort(new DOMException("over", "TimeoutError")), 10);
      return limit.signal;
    });
    try {
      await expect(invoke("churn")).rejects.toMatchObject({
        name: "ModelError",
        OriginalMessage: expect.stringContaining("timed out while waiting for a response") as unknown,
      });
      expect(limits).toEqual([60_000]);
    } finally {
      timeout.mockRestore();
    }
  });

  it("goes to one of many models, loaded when it is asked for", async () => {
    const { config, endpoint, runtime, sagemaker, store } = await world();
    for (const seed of [1, 2]) await store.put(`many/m${seed}.tar.gz`, await archive(seed));
    await sagemaker.send(
      new CreateModelCommand({
        ModelName: "many",
        PrimaryContainer: { Image: "i", Mode: "MultiModel", ModelDataUrl: "s3://churn-data/many/" },
      }),
    );
    await config("c1", [{ ModelName: "many" }]);
    await endpoint("churn", "c1");
    const ask = async (TargetModel?: string): Promise<string> => {
      const input = { EndpointName: "churn", Body: JSON.stringify(customer), ContentType: "application/json" };
      const { Body } = await runtime.send(new InvokeEndpointCommand({ ...input, ...(TargetModel && { TargetModel }) }));
      return new TextDecoder().decode(Body).replace(/.*"probability":([\d.]+).*/, "$1");
    };
    expect(await ask("m1.tar.gz")).not.toBe(await ask("m2.tar.gz"));
    expect(await ask("m1.tar.gz")).toBe(await ask("m1.tar.gz"));
    await expect(ask("m3.tar.gz")).rejects.toThrow(/Failed to download model data/);
    await expect(ask()).rejects.toThrow(/needs a TargetModel/);
  });
});
