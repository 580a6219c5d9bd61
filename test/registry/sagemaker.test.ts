import {
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { openBundle } from "../../src/model/bundle/open.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import type { ModelRegistry } from "../../src/registry/registry.js";
import { sagemakerRegistry, sagemakerRegistryPolicy } from "../../src/registry/backends/sagemaker/index.js";
import { modelCard } from "../../src/registry/backends/sagemaker/model-card.js";
import { registryConformance } from "../conformance/registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { s3Servers, type S3Server } from "../helpers/aws.js";
import { recordRequests, type RequestRecord } from "../helpers/botocore.js";
import { awsPython, motoClient, sharedMoto, type Moto } from "../helpers/moto.js";
import { startSagemakerStub, type SagemakerStub } from "../helpers/sagemaker.js";
import { planMetrics } from "../helpers/plans.js";

const ready = await awsPython("SageMaker registry against moto");
// moto knows SageMaker; of the servers that know S3, the last is the quickest.
const s3 = (await s3Servers("files of the SageMaker registry")).at(-1) as S3Server;

describe.skipIf(!ready)("SageMaker", () => {
  let moto: Moto;
  let stub: SagemakerStub;
  let sagemaker: SageMakerClient;
  let store: ObjectStore;
  const records: RequestRecord[] = [];

  beforeAll(async () => {
    moto = await sharedMoto();
    stub = await startSagemakerStub(moto.url);
    sagemaker = new SageMakerClient(motoClient(stub.url));
    records.push(recordRequests(sagemaker));
  }, 120_000);
  afterAll(async () => {
    sagemaker.destroy();
    await stub.stop();
    expect(records.flatMap((record) => record.problems())).toEqual([]);
  });

  async function empty(): Promise<ModelRegistry> {
    await moto.reset();
    stub.reset();
    store = await s3.store({ prefix: "registry" });
    return sagemakerRegistry({
      name: "sample",
      store,
      client: sagemaker,
      image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churnkit:1",
    });
  }
  const again = (): Promise<ModelRegistry> => sagemakerRegistry({ name: "sample", store, client: sagemaker });
  const packages = async () =>
    (await sagemaker.send(new ListModelPackagesCommand({ ModelPackageGroupName: "sample" }))).ModelPackageSummaryList ??
    [];
  const packageOf = async (hash: string) => {
    const found = (await packages()).find(({ ModelPackageDescription: text }) => text?.includes(hash));
    return sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: found?.ModelPackageArn ?? "none" }));
  };

  registryConformance("SageMaker on moto", empty);

  it("shows a version as a model package: bundle, metrics, card, approval, metadata", async () => {
    const registry = await empty();
    const { version } = await registry.register(await sampleArtifact({ networks: 1 }), {
      tags: { team: "growth", note: "50 % <b>" },
      description: 'the "first"\none',
    });
    await registry.promote(1, "champion");
    const found = await packageOf(version.contentHash);
    expect(found).toMatchObject({
      ModelPackageGroupName: "sample",
      ModelPackageVersion: 1,
      ModelApprovalStatus: "PendingManualApproval",
      ModelPackageDescription: `churnkit 1.0.0 ${version.contentHash} the "first" one`,
      CustomerMetadataProperties: {
        "churnkit.version": "1.0.0",
        "churnkit.aliases": "champion",
        "churnkit.stage": "None",
        team: "growth",
        note: "50 _ _b_",
      },
    });
    const url = found.InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? "";
    const key = `sample/packages/000001-${version.contentHash}/model.tar.gz`;
    expect(url).toBe(`${store.name}${key}`);
    const archive = await store.get(key);
    expect((await openBundle(archive?.bytes ?? new Uint8Array())).manifest.contentHash).toBe(version.contentHash);
    expect(await store.get(`sample/packages/000001-${version.contentHash}/metrics.json`)).toBeDefined();
    expect(found.ModelMetrics?.ModelQuality?.Statistics?.S3Uri).toMatch(/^s3:\/\/.*\/registry\/.*metrics\.json$/);
  });

  it("takes over what was decided in SageMaker, and keeps quarantine", async () => {
    const registry = await empty();
    const { version } = await registry.register(await sampleArtifact({ networks: 0 }));
    const decide = async (status: "Approved" | "Rejected") => {
      const { ModelPackageArn } = await packageOf(version.contentHash);
      await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: status }));
    };
    await decide("Approved");
    expect((await registry.get(1)).status).toBe("approved");
    expect((await registry.get("latest-approved")).number).toBe(1);
    expect((await registry.verify()).problems).toEqual([]);
    expect(await registry.promote(1, "champion", { approvedOnly: true })).toMatchObject({ promoted: true });
    const [, taken] = await registry.history();
    expect(taken).toMatchObject({ action: "status", status: "approved", by: "SageMaker" });
    await decide("Rejected");
    expect(await registry.promote(1, "challenger")).toMatchObject({ promoted: false });
    await registry.setStatus(1, "quarantined");
    expect((await packageOf(version.contentHash)).ModelApprovalStatus).toBe("Rejected");
    await decide("Approved");
    expect((await registry.get(1)).status).toBe("quarantined");
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("publishes later what SageMaker did not take, and nothing twice", async () => {
    const registry = await empty();
    await registry.register(await sampleArtifact({ networks: 0 }));
    let fails = true;
    sagemaker.middlewareStack.add(
      (next, context) => (args) => {
        if (fails && context["commandName"] === "CreateModelPackageCommand") throw new Error("the line is dead");
        return next(args);
      },
      { step: "initialize", name: "dead" },
    );
    await expect(registry.register(await sampleArtifact({ networks: 0, seed: 2 }))).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    sagemaker.middlewareStack.remove("dead");
    fails = false;
    expect(await packages()).toHaveLength(1);
    const other = await again();
    expect((await other.list()).map(({ number }) => number)).toEqual([2, 1]);
    await other.promote(2, "champion");
    expect(await packages()).toHaveLength(2);
    await other.register(await sampleArtifact({ networks: 0, seed: 3 }));
    expect(await packages()).toHaveLength(3);
    expect((await other.verify()).problems).toEqual([]);
  });

  it("leaves packages that others made in the group alone", async () => {
    const registry = await empty();
    await registry.register(await sampleArtifact({ networks: 0 }));
    const { CreateModelPackageCommand } = await import("@aws-sdk/client-sagemaker");
    await sagemaker.send(
      new CreateModelPackageCommand({ ModelPackageGroupName: "sample", ModelPackageDescription: "by hand" }),
    );
    await registry.register(await sampleArtifact({ networks: 0, seed: 2 }));
    expect((await registry.list()).map(({ number }) => number)).toEqual([2, 1]);
    expect((await packages()).map(({ ModelPackageDescription: text }) => text)).toContain("by hand");
  });

  it("loses none of two processes' changes", async () => {
    const [first, second] = [await empty(), await again()];
    const either = (i: number): ModelRegistry => (i % 2 === 0 ? first : second);
    const models = await Promise.all([1, 2, 3, 4].map((seed) => sampleArtifact({ networks: 0, seed })));
    await Promise.all(models.map((model, i) => either(i).register(model)));
    await Promise.all([1, 2, 3, 4].map((number) => either(number).promote(number, "champion")));
    expect(await first.history()).toHaveLength(8);
    expect((await first.verify()).problems).toEqual([]);
    expect(new Set((await packages()).map(({ ModelPackageDescription: text }) => text)).size).toBe(4);
  });
});

describe("a version's model card", () => {
  it("has the members of a model package's card, and no others", async () => {
    const { version } = await storeRegistry(memoryStore(), { name: "sample" }).register(
      await sampleArtifact({ networks: 0 }),
      { by: "ada", description: "the first" },
    );
    const card = JSON.parse(modelCard("sample", version, "s3://models/model.tar.gz")) as Record<
      string,
      Record<string, unknown>
    >;
    // By botocore's ModelPackageModelCard the overview is composed of these two.
    expect(card["model_overview"]).toEqual({ model_creator: "ada", model_artifact: ["s3://models/model.tar.gz"] });
    expect(Object.keys(card).sort()).toEqual([
      "additional_information",
      "evaluation_details",
      "model_overview",
      "training_details",
    ]);
    const details = card["additional_information"]?.["custom_details"] as Record<string, unknown>;
    expect(details).toMatchObject({ description: "the first", algorithm: "sample", content: version.contentHash });
    for (const value of Object.values(details)) expect(value).toEqual(expect.any(String));
    const [evaluation] = card["evaluation_details"] as unknown as {
      metric_groups: { metric_data: { name: string; type: string; value: number }[] }[];
    }[];
    expect(evaluation?.metric_groups[0]?.metric_data).toContainEqual({ name: "ROC AUC", type: "number", value: 0.5 });
    const several = { ...version, metrics: { ...version.metrics, classes: planMetrics } };
    expect(modelCard("sample", several, "s3://models/model.tar.gz")).toContain(
      '{"name":"recall, basic","type":"number","value":0.5},{"name":"f1, basic"',
    );
  });
});

describe("sagemakerRegistry", () => {
  it("needs a name that a group can have, and a bucket", async () => {
    const bucket: ObjectStore = { ...memoryStore(), name: "s3://models/" };
    const invalid = { code: "OPTION_INVALID" };
    for (const name of ["a_b", "-a", "a--b", "", "x".repeat(64), "a/b"])
      await expect(sagemakerRegistry({ name, store: bucket })).rejects.toMatchObject(invalid);
    await expect(sagemakerRegistry({ name: "churn", store: memoryStore() })).rejects.toMatchObject(invalid);
  });

  it("names the permission that is missing", async () => {
    const denied = Object.assign(new Error("no"), { name: "AccessDeniedException" });
    const client = { send: () => Promise.reject(denied), config: {} } as unknown as SageMakerClient;
    const registry = await sagemakerRegistry({
      name: "churn",
      store: { ...memoryStore(), name: "s3://models/" },
      client,
    });
    await expect(registry.list()).rejects.toThrow(/sagemaker:ListModelPackages on the model package group churn/);
  });

  it("gives a policy for its own group only", () => {
    const { Statement } = sagemakerRegistryPolicy({ name: "churn", region: "eu-west-1", accountId: "123456789012" });
    const text = JSON.stringify(Statement);
    expect(text).not.toMatch(/"\*"|sagemaker:\*|Delete/);
    expect(
      Statement.flatMap(({ Resource }) => Resource).every((arn) => /:model-package(-group)?\/churn(\/\*)?$/.test(arn)),
    ).toBe(true);
  });
});
