import { describe, expect, it } from "vitest";
import type { IndexedVersion } from "../../src/registry/versions/registry-index.js";
import type { RegistryBackend } from "../../src/registry/registry-state.js";
import type { ModelPackages, PublishedPackage } from "../../src/registry/backends/sagemaker/model-packages.js";
import { publishedBackend } from "../../src/registry/backends/sagemaker/published-backend.js";
import type { VersionStatus } from "../../src/registry/versions/version.js";

const contentHash = "a".repeat(64);

/** What a registry reads whose index says `status`, whose list of packages `listed`, and whose package `shown` by now. */
async function statusRead(
  status: VersionStatus,
  listed: PublishedPackage["approval"],
  shown: Awaited<ReturnType<ModelPackages["shownBy"]>>,
): Promise<VersionStatus | undefined> {
  const version: IndexedVersion = {
    number: 1,
    semver: "1.0.0",
    contentHash,
    status,
    stage: "None",
    record: "0".repeat(64),
    upload: "0".repeat(8),
  };
  const files: Pick<RegistryBackend<IndexedVersion>, "read"> = {
    read: () => Promise.resolve({ versions: [version], aliases: [] }),
  };
  const packages: Pick<ModelPackages, "list" | "shownBy"> = {
    list: () => Promise.resolve([{ arn: "arn", contentHash, approval: listed }]),
    shownBy: () => Promise.resolve(shown),
  };
  const backend = publishedBackend(
    files as RegistryBackend<IndexedVersion>,
    packages as ModelPackages,
    () => new Date(0),
  );
  return (await backend.read()).versions[0]?.status;
}

describe("what was decided in SageMaker", () => {
  it("is taken over", async () => {
    expect(await statusRead("pending", "Approved", { approval: "Approved", written: "pending" })).toBe("approved");
    expect(await statusRead("approved", "Rejected", { approval: "Rejected", written: undefined })).toBe("rejected");
  });

  it("is not an old list of packages beside what another process has changed since", async () => {
    expect(await statusRead("approved", "Rejected", { approval: "Approved", written: "approved" })).toBe("approved");
    expect(await statusRead("approved", "Rejected", { approval: "PendingManualApproval", written: "pending" })).toBe(
      "approved",
    );
    expect(await statusRead("approved", "Rejected", { approval: "Approved", written: "rejected" })).toBe("approved");
  });

  it("is not what churnkit wrote itself before the index went on", async () => {
    expect(await statusRead("rejected", "Approved", { approval: "Approved", written: "approved" })).toBe("rejected");
  });
});
