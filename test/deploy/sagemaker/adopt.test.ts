import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adoptVersion, type AwsSession, awsSession, decideVersion } from "../../../src/deploy/sagemaker/index.js";
import { memoryStore } from "../../../src/io/index.js";
import { type ModelRegistry, storeRegistry } from "../../../src/registry/index.js";
import { rehearse, type Rehearsal } from "../../../src/rehearsal/index.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { archive } from "../../helpers/endpoint-world.js";
import { awsPython, sharedMoto } from "../../helpers/moto.js";
import { clientOf } from "../../helpers/rehearsed.js";

const ready = await awsPython("versions that are adopted from SageMaker's registry");

describe.skipIf(!ready)("a version of SageMaker's registry", () => {
  const target = { ...awsTarget, bucket: `adopted-${process.pid}` };
  let rehearsal: Rehearsal;
  let session: AwsSession;
  let s3: S3Client;
  const newRegistry = (): ModelRegistry => storeRegistry(memoryStore(), { name: "churn-dev" });

  beforeAll(async () => {
    rehearsal = await rehearse({ emulator: (await sharedMoto()).url });
    session = awsSession(target, { clientConfig: clientOf(rehearsal), clock: rehearsal.clock });
    s3 = new S3Client({ ...clientOf(rehearsal), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: target.bucket }));
    await session.call("sagemaker", "CreateModelPackageGroup", { ModelPackageGroupName: "churn-dev" });
  }, 60_000);
  afterAll(async () => {
    s3.destroy();
    session.close();
    await rehearsal.close();
  });

  /** A package of a bundle, as a pipeline registers it. */
  async function packaged(Key: string, Body: Uint8Array | string): Promise<string> {
    await s3.send(new PutObjectCommand({ Bucket: target.bucket, Key, Body }));
    const Containers = [{ Image: target.image, ModelDataUrl: `s3://${target.bucket}/${Key}` }];
    const { ModelPackageArn = "" } = await session.call("sagemaker", "CreateModelPackage", {
      ModelPackageGroupName: "churn-dev",
      ModelApprovalStatus: "PendingManualApproval",
      InferenceSpecification: { Containers, SupportedContentTypes: [], SupportedResponseMIMETypes: [] },
    });
    return ModelPackageArn;
  }
  const approve = (arn: string) => decideVersion(session, arn, { decision: "Approved", by: "ada", reason: "better" });

  it("gets a number in churnkit's registry once it is approved, and keeps it", async () => {
    const registry = newRegistry();
    const [first, second] = [
      await packaged("runs/1/model.tar.gz", await archive(1)),
      await packaged("runs/2/model.tar.gz", await archive(2)),
    ];
    await expect(adoptVersion(session, registry, first)).rejects.toMatchObject({
      code: "REGISTRY_REFUSED",
      message: `The model package ${first} is PendingManualApproval. Approve it first.`,
    });
    expect(await registry.list()).toEqual([]);
    await approve(first);
    await approve(second);
    const adopted = await adoptVersion(session, registry, first);
    expect(adopted).toMatchObject({
      ...{ number: 1, status: "approved", by: "SageMaker", tags: { modelPackage: first } },
      statusNote: { by: "SageMaker", reason: expect.stringContaining("better") as string },
    });
    expect(await adoptVersion(session, registry, second)).toMatchObject({ number: 2 });
    // Again, and after somebody decided otherwise: nothing changes.
    expect(await adoptVersion(session, registry, first)).toEqual(adopted);
    await registry.setStatus(1, "quarantined", { reason: "complaints" });
    expect(await adoptVersion(session, registry, first)).toMatchObject({ number: 1, status: "quarantined" });
    expect(await registry.list()).toHaveLength(2);
  });

  it("is refused if it is rejected, its archive is gone, or there is no bundle in it", async () => {
    const registry = newRegistry();
    const gone = await packaged("runs/3/model.tar.gz", await archive(1));
    await approve(gone);
    await s3.send(new DeleteObjectCommand({ Bucket: target.bucket, Key: "runs/3/model.tar.gz" }));
    await expect(adoptVersion(session, registry, gone)).rejects.toThrow(
      /runs\/3\/model.tar.gz, which is not there any more/,
    );
    const text = await packaged("runs/4/model.tar.gz", "no archive");
    await approve(text);
    await expect(adoptVersion(session, registry, text)).rejects.toMatchObject({
      code: expect.stringMatching(/^(BUNDLE|ARCHIVE)_/) as string,
    });
    await decideVersion(session, text, { decision: "Rejected", by: "ada", reason: "no archive" });
    await expect(adoptVersion(session, registry, text)).rejects.toThrow(/is Rejected/);
    expect(await registry.list()).toEqual([]);
  });

  it("is not written for the account of others", async () => {
    const registry = newRegistry();
    const arn = await packaged("runs/5/model.tar.gz", await archive(1));
    await approve(arn);
    const others = awsSession({ ...target, account: "210987654321" }, { clientConfig: clientOf(rehearsal) });
    await expect(adoptVersion(others, registry, arn)).rejects.toThrow(/account 123456789012/);
    others.close();
    expect(await registry.list()).toEqual([]);
  });
});
