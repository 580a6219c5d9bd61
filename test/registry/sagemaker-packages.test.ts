import * as sdk from "@aws-sdk/client-sagemaker";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/index.js";
import type { Sagemaker } from "../../src/base/aws/index.js";
import { modelPackages } from "../../src/registry/backends/sagemaker/model-packages.js";

const found = {
  arn: "arn:aws:sagemaker:us-east-1:123456789012:model-package/sample/1",
  contentHash: "a".repeat(64),
  approval: "Approved",
} as const;

/** The packages of a service that answers every call with an error. */
function failing(message: string): ReturnType<typeof modelPackages> {
  const client = { send: () => Promise.reject(new Error(message)) };
  const place = {
    group: "sample",
    store: memoryStore(),
    uri: "s3://models/",
    image: undefined,
    instanceTypes: undefined,
  };
  return modelPackages({ sdk, client } as unknown as Sagemaker, place);
}

describe("a model package that another process removed after it was listed", () => {
  const gone = failing(`ModelPackage ${found.arn} does not exist.`);

  it("is no decision", async () => {
    expect(await gone.shownBy(found)).toEqual({ approval: "PendingManualApproval", written: undefined });
  });

  it("need not be removed again", async () => {
    await expect(gone.remove(found)).resolves.toBeUndefined();
  });

  it("is told from one that cannot be reached", async () => {
    const away = failing("socket hang up");
    for (const call of [away.shownBy(found), away.remove(found)])
      await expect(call).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});
