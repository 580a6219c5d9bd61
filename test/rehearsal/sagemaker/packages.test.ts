import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { memoryStore } from "../../../src/io/store/index.js";
import { sagemakerRegistry } from "../../../src/registry/backends/sagemaker/index.js";
import { rehearse, type Rehearsal } from "../../../src/rehearsal/rehearse.js";
import { registryConformance } from "../../conformance/registry.js";
import { rehearsed, type Rehearsed, clientOf } from "../../helpers/rehearsed.js";

let made: Rehearsed | undefined;
afterEach(() => made?.close());

const worlds: { readonly rehearsal: Rehearsal; readonly client: SageMakerClient }[] = [];
afterAll(async () => {
  for (const { rehearsal, client } of worlds) {
    client.destroy();
    await rehearsal.close();
  }
});

registryConformance("SageMaker, rehearsed", async () => {
  const rehearsal = await rehearse();
  const client = new SageMakerClient(clientOf(rehearsal));
  worlds.push({ rehearsal, client });
  return sagemakerRegistry({ name: "sample", store: { ...memoryStore(), name: "s3://models/" }, client });
});

const group = { ModelPackageGroupName: "churn" };

describe("model packages, rehearsed", () => {
  it("are numbered in their group, and approved with a note", async () => {
    made = await rehearsed();
    const { session, rehearsal } = made;
    const create = async (ClientToken: string) =>
      (await session.call("sagemaker", "CreateModelPackage", { ...group, ClientToken })).ModelPackageArn;
    await expect(create("a")).rejects.toMatchObject({ message: expect.stringContaining("does not exist") as string });
    await session.call("sagemaker", "CreateModelPackageGroup", group);
    const [first, again, second] = [await create("a"), await create("a"), await create("b")];
    expect(again).toBe(first);
    expect(second).toMatch(/model-package\/churn\/2$/);
    await session.call("sagemaker", "UpdateModelPackage", {
      ModelPackageArn: first,
      ModelApprovalStatus: "Approved",
      ApprovalDescription: "good",
      CustomerMetadataProperties: { a: "1", b: "2" },
    });
    await session.call("sagemaker", "UpdateModelPackage", {
      ModelPackageArn: first,
      CustomerMetadataPropertiesToRemove: ["a"],
    });
    expect(await session.call("sagemaker", "DescribeModelPackage", { ModelPackageName: first })).toMatchObject({
      ModelApprovalStatus: "Approved",
      ApprovalDescription: "good",
      CustomerMetadataProperties: { b: "2" },
    });
    expect(rehearsal.timeline.filter(({ kind }) => kind === "version").map(({ text }) => text)).toEqual([
      "churn 1 PendingManualApproval",
      "churn 2 PendingManualApproval",
      "churn 1 Approved",
    ]);
    const pending = await session.call("sagemaker", "ListModelPackages", {
      ...group,
      ModelApprovalStatus: "PendingManualApproval",
    });
    expect(pending.ModelPackageSummaryList?.map(({ ModelPackageArn }) => ModelPackageArn)).toEqual([second]);
  });

  it("are listed in pages, and are removed before their group; a number is not given twice", async () => {
    made = await rehearsed();
    const { session } = made;
    await session.call("sagemaker", "CreateModelPackageGroup", group);
    for (let i = 0; i < 3; i++) await session.call("sagemaker", "CreateModelPackage", group);
    const page = { ...group, MaxResults: 2 };
    const { ModelPackageSummaryList: newest, NextToken } = await session.call("sagemaker", "ListModelPackages", page);
    const rest = await session.call("sagemaker", "ListModelPackages", { ...page, NextToken });
    const all = [...(newest ?? []), ...(rest.ModelPackageSummaryList ?? [])];
    expect(all.map(({ ModelPackageVersion }) => ModelPackageVersion)).toEqual([3, 2, 1]);
    expect(rest.NextToken).toBeUndefined();
    const dropped = () => session.call("sagemaker", "DeleteModelPackageGroup", group);
    await expect(dropped()).rejects.toMatchObject({ message: expect.stringContaining("ConflictException") as string });
    const remove = (ModelPackageName: string | undefined) =>
      session.call("sagemaker", "DeleteModelPackage", { ModelPackageName });
    await remove(all[0]?.ModelPackageArn);
    const { ModelPackageArn } = await session.call("sagemaker", "CreateModelPackage", group);
    expect(ModelPackageArn).toMatch(/churn\/4$/);
    for (const arn of [ModelPackageArn, all[1]?.ModelPackageArn, all[2]?.ModelPackageArn]) await remove(arn);
    await dropped();
    expect((await session.call("sagemaker", "ListModelPackageGroups", {})).ModelPackageGroupSummaryList).toEqual([]);
  });
});
