import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineDataset } from "../../../../src/data/index.js";
import { sageMakerClient, type SageMakerClient } from "../../../../src/deploy/sagemaker/index.js";
import { openBundle } from "../../../../src/model/bundle/index.js";
import { AwsError } from "../../../../src/rehearsal/front/aws-error.js";
import type { Misbehavior } from "../../../../src/rehearsal/sagemaker/endpoints/misbehave.js";
import { archive, customer, endpointWorld, type EndpointWorld } from "../../../helpers/endpoint-world.js";
import { clientOf } from "../../../helpers/rehearsed.js";
import { type Fault, faulty } from "../../../helpers/endpoint-session.js";

let world: EndpointWorld;
let client: SageMakerClient<object>;
let calls: { readonly InferenceId?: string; readonly TargetVariant?: string }[];
let faults: Fault[];
let mishap: Misbehavior | undefined;

beforeEach(async () => {
  calls = [];
  faults = [];
  mishap = undefined;
  world = await endpointWorld({
    misbehave: () => mishap,
    onCall: (call, input) => {
      if (call.operation === "InvokeEndpoint") calls.push(input as object);
      faulty(faults)(call);
    },
  });
  await world.config("c", [{}, { VariantName: "candidate", ModelName: "v2", InitialVariantWeight: 0 }]);
  await world.endpoint("churn", "c");
  client = sageMakerClient("churn", { clientConfig: clientOf(world.rehearsal), retries: 2, batchSize: 2 });
});
afterEach(async () => {
  client.close();
  await world.close();
});

describe("a typed client of an endpoint", () => {
  it("answers as createClient does, and says which variant did", async () => {
    expect(await client.ready()).toBe(true);
    const one = await client.predict(customer, { inferenceId: "c-7" });
    expect(one).toMatchObject({ variant: "main", warnings: [], model: { threshold: expect.any(Number) as number } });
    expect(one.probability).toBeCloseTo((await world.invoke("churn")).probability, 12);
    const other = await client.predict(customer, { variant: "candidate" });
    expect(other.variant).toBe("candidate");
    expect(other.probability).not.toBe(one.probability);
    expect(calls.at(1)).toMatchObject({ InferenceId: "c-7" });
  });

  it("judges the endpoint by the golden rows of a bundle: scores, model, time", async () => {
    const [one, other] = [await openBundle(await archive(1)), await openBundle(await archive(2))];
    await client.smokeTest(one);
    await client.smokeTest(other, { variant: "candidate" });
    const [right, wrong] = [one, other].map(({ manifest }) => manifest.contentHash.slice(0, 12));
    await expect(client.smokeTest(other)).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      message: `The endpoint churn fails its smoke test: 16 of 16 golden rows have other scores than in the bundle; the model ${right} answered, not ${wrong}.`,
    });
    await expect(client.smokeTest(one, { withinMs: 0 })).rejects.toThrow(
      /smoke test: an answer took \d+ ms, more than 0/,
    );
    mishap = { shift: 0.001 };
    await expect(client.smokeTest(one)).rejects.toThrow(
      /: \d+ of 16 golden rows have other scores than in the bundle\.$/,
    );
  });

  it("sends batches, whose calls have ids of their own, and reports refused records in their place", async () => {
    calls.length = 0;
    const many = await client.predictMany([customer, { ...customer, tenure: "long" }, customer, customer, customer], {
      inferenceId: "b",
    });
    expect(many.map(({ probability }) => probability === null)).toEqual([false, true, false, false, false]);
    expect(calls.map(({ InferenceId }) => InferenceId)).toEqual(["b", "b/1", "b/2"]);
    await expect(client.predict({ ...customer, tenure: "long" })).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });

  it("refuses an id that does not fit before the first batch", async () => {
    calls.length = 0;
    const many = [customer, customer, customer];
    const refused = { code: "OPTION_INVALID", message: expect.stringMatching(/1 to 64 ASCII.*last 2/) as unknown };
    await expect(client.predictMany(many, { inferenceId: "x".repeat(63) })).rejects.toMatchObject(refused);
    for (const inferenceId of ["x".repeat(65), "Zoë", ""])
      await expect(client.predict(customer, { inferenceId })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(calls).toEqual([]);
    await client.predictMany(many, { inferenceId: "x".repeat(62) });
    await client.predict(customer, { inferenceId: "x".repeat(64) });
    expect(calls.map(({ InferenceId }) => InferenceId?.length)).toEqual([62, 64, 64]);
  });

  it("tries again what may pass, with the same id, and tells the container's own status", async () => {
    calls.length = 0;
    faults.push({
      operation: "InvokeEndpoint",
      times: 2,
      error: new AwsError("ThrottlingException", "Rate exceeded", 400),
    });
    expect((await client.predict(customer, { inferenceId: "x" })).probability).toBeGreaterThan(0);
    expect(calls.map(({ InferenceId }) => InferenceId)).toEqual(["x", "x", "x"]);
    mishap = { errors: 1 };
    calls.length = 0;
    await expect(client.predict(customer)).rejects.toMatchObject({
      code: "SERVICE_FAILED",
      message: expect.stringMatching(
        /endpoint churn answered with status 503: The rehearsal was told to fail/,
      ) as unknown,
      where: { value: { status: 503 } },
    });
    expect(calls).toHaveLength(3);
    expect(await client.ready()).toBe(false);
  });

  it("says what SageMaker refuses", async () => {
    const none = sageMakerClient("none", { clientConfig: clientOf(world.rehearsal) });
    await expect(none.predict(customer)).rejects.toMatchObject({
      code: "AWS_FAILED",
      message: expect.stringContaining("Endpoint none of account") as unknown,
    });
    expect(await none.ready()).toBe(false);
    none.close();
    faults.push({ operation: "InvokeEndpoint", times: 1, error: new AwsError("AccessDeniedException", "no", 403) });
    await expect(client.predict(customer)).rejects.toThrow(/needs the permission sagemaker:InvokeEndpoint/);
    const large = { ...customer, note: "x".repeat(6_300_000) };
    await expect(client.predict(large)).rejects.toMatchObject({ code: "INPUT_TOO_LARGE" });
    expect(() => sageMakerClient("churn", { retries: -1 })).toThrow(/retries/);
  });

  it("stops when the caller does", async () => {
    await expect(client.predict(customer, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });

  it("takes the dataset's records only", () => {
    type Typed = ReturnType<typeof sageMakerClient<typeof dataset>>;
    expectTypeOf<Parameters<Typed["predict"]>[0]>().toEqualTypeOf<{ tenure: number }>();
    expect(dataset.contract.name).toBe("customers");
  });
});

const dataset = defineDataset({
  name: "customers",
  schema: z.object({ tenure: z.int(), churned: z.enum(["No", "Yes"]) }),
  target: "churned",
  positive: "Yes",
});
