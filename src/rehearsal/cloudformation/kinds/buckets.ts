import type * as S3 from "@aws-sdk/client-s3";
import { ChurnkitError } from "../../../base/errors.js";
import type { Properties } from "../properties.js";
import { generated, type Kind, putKind, type Surroundings, tagsIn } from "./kind.js";

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

type Json = Record<string, unknown>;

const bucket: Kind = {
  named: "BucketName",
  create: async (properties, surroundings) => {
    const Bucket = properties.text("BucketName", generated(surroundings));
    const { sdk, client } = await s3(surroundings);
    try {
      const region = surroundings.region === "us-east-1" ? {} : { LocationConstraint: surroundings.region as never };
      await client.send(new sdk.CreateBucketCommand({ Bucket, CreateBucketConfiguration: region }));
      await configure(properties, sdk, client, Bucket);
    } finally {
      client.destroy();
    }
    const attributes = { Arn: `arn:aws:s3:::${Bucket}`, DomainName: `${Bucket}.s3.amazonaws.com` };
    return { id: Bucket, attributes };
  },
  update: async (properties, surroundings, made) => {
    properties.take("BucketName");
    const { sdk, client } = await s3(surroundings);
    await configure(properties, sdk, client, made.id).finally(() => client.destroy());
    return made;
  },
  remove: async ({ id: Bucket }, surroundings) => {
    const { sdk, client } = await s3(surroundings);
    await client.send(new sdk.DeleteBucketCommand({ Bucket })).finally(() => client.destroy());
  },
};

/** Each property is a call of its own. */
async function configure(properties: Properties, sdk: typeof S3, client: S3.S3Client, Bucket: string): Promise<void> {
  const when = async (name: string, send: (value: Json) => Promise<unknown>): Promise<void> => {
    const value = properties.take(name);
    if (value !== undefined) await send(value as Json);
  };
  await when("VersioningConfiguration", (VersioningConfiguration) =>
    client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration })),
  );
  await when("BucketEncryption", ({ ServerSideEncryptionConfiguration }) => {
    const Rules = (ServerSideEncryptionConfiguration as Json[]).map(({ ServerSideEncryptionByDefault, ...rule }) => {
      const { SSEAlgorithm, KMSMasterKeyID } = ServerSideEncryptionByDefault as Record<string, string>;
      return { ...rule, ApplyServerSideEncryptionByDefault: { SSEAlgorithm, KMSMasterKeyID } as never };
    });
    return client.send(new sdk.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  });
  await when("PublicAccessBlockConfiguration", (PublicAccessBlockConfiguration) =>
    client.send(new sdk.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
  );
  await when("OwnershipControls", (OwnershipControls) =>
    client.send(new sdk.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: OwnershipControls as never })),
  );
  await when("LifecycleConfiguration", ({ Rules }) =>
    client.send(
      new sdk.PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: (Rules as Json[]).map(lifecycleRule) },
      }),
    ),
  );
  await when("LoggingConfiguration", ({ DestinationBucketName: TargetBucket, LogFilePrefix: TargetPrefix }) =>
    client.send(
      new sdk.PutBucketLoggingCommand({
        Bucket,
        BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix } as never },
      }),
    ),
  );
  await when("NotificationConfiguration", () =>
    client.send(
      new sdk.PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    ),
  );
  const TagSet = tagsIn(properties);
  if (TagSet.length > 0)
    await client.send(new sdk.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [...TagSet] } }));
}

/** CloudFormation's names of a rule's parts, by S3's. */
function lifecycleRule(rule: Json): never {
  const { Id, Status, Prefix = "", ExpirationInDays, NoncurrentVersionExpiration, ...more } = rule;
  const { AbortIncompleteMultipartUpload: abort, ...unread } = more as { AbortIncompleteMultipartUpload?: object };
  const [name] = Object.keys(unread);
  if (name !== undefined) throw new TypeError(`the lifecycle's ${name} is not read`);
  return {
    ID: Id,
    Status,
    Filter: { Prefix },
    ...(ExpirationInDays !== undefined && { Expiration: { Days: ExpirationInDays } }),
    ...(NoncurrentVersionExpiration !== undefined && { NoncurrentVersionExpiration }),
    ...(abort && { AbortIncompleteMultipartUpload: abort }),
  } as never;
}

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
