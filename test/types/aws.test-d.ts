import { describe, expectTypeOf, it } from "vitest";
import type { CreateTrainingJobCommandInput } from "@aws-sdk/client-sagemaker";
import {
  trainingJob,
  type AwsTarget,
  type EndpointConfig,
  type Guardrails,
  type Referable,
  type TrainingJob,
} from "../../src/deploy/aws/index.js";

declare const target: AwsTarget;
declare const job: TrainingJob;
declare const referring: Referable<TrainingJob>;
const variant = { model: "v12", instanceType: "ml.m5.large" } as const;
const base = { name: "x", instanceType: "ml.m5.large", maxSeconds: 60 } as const;

describe("rules that TypeScript knows", () => {
  it("keeps serverless endpoints to one plain variant", () => {
    const serverless = { kind: "serverless", name: "s", model: "v12", memoryMb: 2048, maxConcurrency: 20 } as const;
    expectTypeOf(serverless).toExtend<EndpointConfig>();
    // @ts-expect-error no captured data
    const captured: EndpointConfig = { ...serverless, capture: { uri: "s3://b/c" } };
    // @ts-expect-error no shadow beside it
    const shadowed: EndpointConfig = { ...serverless, shadow: variant };
    // @ts-expect-error no list of variants
    const several: EndpointConfig = { ...serverless, variants: [variant] };
    // @ts-expect-error no half a gigabyte
    const small: EndpointConfig = { ...serverless, memoryMb: 512 };
    void [captured, shadowed, several, small];
  });

  it("keeps shadows to real-time endpoints", () => {
    // @ts-expect-error no shadow of many models
    const many: EndpointConfig = { kind: "multi-model", name: "m", variants: [variant], shadow: variant };
    void many;
  });

  it("asks spot jobs for a wait and checkpoints, and keeps them out of warm pools", () => {
    // @ts-expect-error no checkpoints
    const lost: TrainingJob = { ...base, spot: { maxWaitSeconds: 60 } };
    // @ts-expect-error no longest wait
    const endless: TrainingJob = { ...base, spot: {}, checkpoints: "s3://b/c" };
    // @ts-expect-error a warm pool
    const warm: TrainingJob = { ...base, spot: { maxWaitSeconds: 60 }, checkpoints: "s3://b/c", keepAliveSeconds: 60 };
    // @ts-expect-error an instance type of EC2
    const unknown: TrainingJob = { ...base, instanceType: "m5.large" };
    void [lost, endless, warm, unknown];
  });

  it("gives each strategy its own members", () => {
    // @ts-expect-error a canary needs a first step
    const canary: Guardrails = { strategy: "canary", waitSeconds: 60 };
    // @ts-expect-error only blue/green updates keep an old fleet
    const rolling: Guardrails = { strategy: "rolling", batch: { percent: 10 }, waitSeconds: 60, keepOldSeconds: 60 };
    void [canary, rolling];
  });

  it("returns the SDK's input where nothing refers to a pipeline", () => {
    expectTypeOf(trainingJob(target, job)).toEqualTypeOf<CreateTrainingJobCommandInput>();
    expectTypeOf(trainingJob(target, referring)).toEqualTypeOf<Referable<CreateTrainingJobCommandInput>>();
  });
});
