import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { S3StoreOptions } from "../../src/io/store/s3/connection.js";
import { s3Store, s3StorePolicy } from "../../src/io/store/s3/store.js";

afterEach(() => {
  vi.doUnmock("@aws-sdk/client-s3");
  vi.unstubAllEnvs();
});

const client = new S3Client({ region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });

describe("s3Store", () => {
  const invalid: Partial<S3StoreOptions>[] = [
    ...["", "ab", "Acme", "a_b", "a..b", "-ab", "s3://acme", "x".repeat(64), "arn:aws:s3:::acme"].map((bucket) => ({
      bucket,
    })),
    ...["../a", "/a", "a//b", ".a", "a b", `${"a/".repeat(61)}`].map((prefix) => ({ prefix })),
    ...[0, 5_000_000, 5.5e6 + 0.5, NaN, 2 ** 33].map((partBytes) => ({ partBytes })),
    { kmsKeyId: "alias/x" },
    { kmsKeyId: "alias/x", serverSideEncryption: "AES256" },
  ];
  it.each(invalid)("refuses %j", async (options) => {
    await expect(s3Store({ bucket: "acme", client, ...options })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("asks for a region", async () => {
    for (const [name, value] of Object.entries({
      AWS_REGION: "",
      AWS_DEFAULT_REGION: "",
      AWS_CONFIG_FILE: "/nowhere",
      AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
    }))
      vi.stubEnv(name, value);
    await expect(s3Store({ bucket: "acme" })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("AWS_REGION") as string,
    });
  });

  it("says what to install", async () => {
    vi.resetModules();
    vi.doMock("@aws-sdk/client-s3", () => {
      throw new Error("Cannot find package");
    });
    const fresh = await import("../../src/io/store/s3/store.js");
    await expect(fresh.s3Store({ bucket: "acme" })).rejects.toMatchObject({
      code: "PEER_MISSING",
      message: expect.stringContaining("npm install @aws-sdk/client-s3") as string,
    });
  });

  it("can compare and swap, and lasts", async () => {
    expect((await s3Store({ bucket: "acme", client })).capabilities).toEqual({ compareAndSwap: true, durable: true });
  });
});

describe("s3StorePolicy", () => {
  const arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

  it("allows what the store does in its prefix, and no more", () => {
    expect(s3StorePolicy({ bucket: "acme", prefix: "churn/", kmsKeyArn: arn })).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Objects",
          Effect: "Allow",
          Action: [
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
          ],
          Resource: "arn:aws:s3:::acme/churn/*",
        },
        {
          Sid: "List",
          Effect: "Allow",
          Action: ["s3:ListBucket"],
          Resource: "arn:aws:s3:::acme",
          Condition: { StringLike: { "s3:prefix": "churn/*" } },
        },
        {
          Sid: "Key",
          Effect: "Allow",
          Action: ["kms:Decrypt", "kms:GenerateDataKey"],
          Resource: arn,
          Condition: { StringEquals: { "kms:ViaService": "s3.eu-central-1.amazonaws.com" } },
        },
      ],
    });
  });

  it("allows readers to read", () => {
    const actions = s3StorePolicy({ bucket: "acme", kmsKeyArn: arn, readOnly: true }).Statement.flatMap(
      ({ Action }) => Action,
    );
    expect(actions).toEqual(["s3:GetObject", "s3:ListBucket", "kms:Decrypt"]);
  });

  it("knows the other parts of AWS", () => {
    const key = arn.replace("arn:aws:", "arn:aws-cn:").replace("eu-central-1", "cn-north-1");
    const { Statement } = s3StorePolicy({ bucket: "acme", partition: "aws-cn", kmsKeyArn: key });
    expect(Statement[0]?.Resource).toBe("arn:aws-cn:s3:::acme/*");
    expect(Statement[2]?.Condition).toEqual({ StringEquals: { "kms:ViaService": "s3.cn-north-1.amazonaws.com.cn" } });
  });

  it.each([
    { bucket: "*" },
    { bucket: "acme", prefix: "*" },
    { bucket: "acme", kmsKeyArn: "*" },
    { bucket: "acme", kmsKeyArn: "alias/x" },
  ])("refuses %j", (options) => {
    expect(() => s3StorePolicy(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});
