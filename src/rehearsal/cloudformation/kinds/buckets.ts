import type * as S3 from "@aws-sdk/client-s3";
import { ChurnkitError } from "../../../base/errors.js";
import { setUp } from "./bucket-settings.js";
import { generated, type Kind, putKind, type Surroundings } from "./kind.js";

/** S3 speaks XML, so its package does this. */
async function s3(surroundings: Surroundings): Promise<{ sdk: typeof S3; client: S3.S3Client }> {
  const sdk = await import("@aws-sdk/client-s3").catch((cause: unknown) => {
    throw new ChurnkitError(
      "PEER_MISSING",
      "A template with buckets needs the package @aws-sdk/client-s3. Install it: npm install @aws-sdk/client-s3",
      { cause },
    );
  });
  const { url, region } = surroundings.wire;
  const credentials = { accessKeyId: "cloudformation", secretAccessKey: "rehearsal" };
  return { sdk, client: new sdk.S3Client({ endpoint: url, region, credentials, forcePathStyle: true }) };
}

const bucket: Kind = {
  named: "BucketName",
  create: async (properties, surroundings) => {
    const Bucket = properties.text("BucketName", generated(surroundings));
    const { sdk, client } = await s3(surroundings);
    try {
      const region = surroundings.region === "us-east-1" ? {} : { LocationConstraint: surroundings.region as never };
      await client.send(new sdk.CreateBucketCommand({ Bucket, CreateBucketConfiguration: region }));
      await setUp(properties, sdk, client, Bucket);
    } finally {
      client.destroy();
    }
    const attributes = { Arn: `arn:aws:s3:::${Bucket}`, DomainName: `${Bucket}.s3.amazonaws.com` };
    return { id: Bucket, attributes };
  },
  update: async (properties, surroundings, made) => {
    properties.take("BucketName");
    const { sdk, client } = await s3(surroundings);
    await setUp(properties, sdk, client, made.id).finally(() => client.destroy());
    return made;
  },
  remove: async ({ id: Bucket }, surroundings) => {
    const { sdk, client } = await s3(surroundings);
    await client.send(new sdk.DeleteBucketCommand({ Bucket })).finally(() => client.destroy());
  },
};

const bucketPolicy = putKind({
  named: "Bucket",
  create: async (properties, surroundings) => {
    const Bucket = properties.text("Bucket");
    const Policy = properties.text("PolicyDocument");
    const { sdk, client } = await s3(surroundings);
    await client.send(new sdk.PutBucketPolicyCommand({ Bucket, Policy })).finally(() => client.destroy());
    return { id: Bucket };
  },
  remove: async ({ id: Bucket }, surroundings) => {
    const { sdk, client } = await s3(surroundings);
    await client.send(new sdk.DeleteBucketPolicyCommand({ Bucket })).finally(() => client.destroy());
  },
});

export const bucketKinds: Readonly<Record<string, Kind>> = {
  "AWS::S3::Bucket": bucket,
  "AWS::S3::BucketPolicy": bucketPolicy,
};
