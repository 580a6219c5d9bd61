import type * as S3 from "@aws-sdk/client-s3";
import type { Properties } from "../properties.js";
import { tagsIn } from "./kind.js";

type Json = Record<string, unknown>;
type Send = (properties: Properties, sdk: typeof S3, client: S3.S3Client, Bucket: string) => Promise<unknown>;

/** The call of each property of a bucket, by CloudFormation's names. S3's package drops what it does not know, so each member is named. */
const settings: Readonly<Record<string, Send>> = {
  VersioningConfiguration: (given, sdk, client, Bucket) =>
    client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: given.some("Status") })),
  BucketEncryption: (given, sdk, client, Bucket) => {
    const Rules = given.items("ServerSideEncryptionConfiguration").map((rule) => {
      const { SSEAlgorithm, ...key } =
        rule.object("ServerSideEncryptionByDefault")?.some("SSEAlgorithm", "KMSMasterKeyID") ?? {};
      return {
        ...rule.some("BucketKeyEnabled"),
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm, ...key } as never,
      };
    });
    return client.send(new sdk.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  },
  PublicAccessBlockConfiguration: (given, sdk, client, Bucket) => {
    const names = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    const PublicAccessBlockConfiguration = given.some(...names);
    return client.send(new sdk.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  },
  OwnershipControls: (given, sdk, client, Bucket) => {
    const Rules = given.items("Rules").map((rule) => rule.some("ObjectOwnership") as never);
    return client.send(new sdk.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules } }));
  },
  LifecycleConfiguration: (given, sdk, client, Bucket) => {
    const LifecycleConfiguration = { Rules: given.items("Rules").map(lifecycleRule) };
    return client.send(new sdk.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  },
  LoggingConfiguration: (given, sdk, client, Bucket) => {
    const TargetBucket = given.text("DestinationBucketName");
    const LoggingEnabled = { TargetBucket, TargetPrefix: given.text("LogFilePrefix") };
    return client.send(new sdk.PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }));
  },
  NotificationConfiguration: (given, sdk, client, Bucket) => {
    const isOn = given.object("EventBridgeConfiguration")?.take("EventBridgeEnabled") === true;
    const NotificationConfiguration = isOn ? { EventBridgeConfiguration: {} } : {};
    return client.send(new sdk.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  },
  ReplicationConfiguration: (given, sdk, client, Bucket) => {
    const ReplicationConfiguration = { Role: given.text("Role"), Rules: given.items("Rules").map(replicationRule) };
    return client.send(new sdk.PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
  },
};

/** Sets up a bucket that stands. */
export async function setUp(
  properties: Properties,
  sdk: typeof S3,
  client: S3.S3Client,
  Bucket: string,
): Promise<void> {
  for (const [name, send] of Object.entries(settings)) {
    const given = properties.object(name);
    if (given !== undefined) await send(given, sdk, client, Bucket);
  }
  const TagSet = tagsIn(properties);
  if (TagSet.length > 0)
    await client.send(new sdk.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [...TagSet] } }));
}

function lifecycleRule(rule: Properties): never {
  const days = rule.take("ExpirationInDays");
  return {
    ID: rule.take("Id"),
    Filter: { Prefix: rule.text("Prefix") },
    ...rule.some("Status"),
    ...(days !== undefined && { Expiration: { Days: days } }),
    ...member(rule, "NoncurrentVersionExpiration", "NoncurrentDays"),
    ...member(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
  } as never;
}

function replicationRule(rule: Properties): never {
  const destination = rule.object("Destination");
  const criteria = rule.object("SourceSelectionCriteria");
  return {
    ID: rule.take("Id"),
    ...rule.some("Priority", "Status"),
    ...member(rule, "Filter", "Prefix"),
    ...member(rule, "DeleteMarkerReplication", "Status"),
    Destination: {
      ...destination?.some("Bucket"),
      ...(destination && member(destination, "EncryptionConfiguration", "ReplicaKmsKeyID")),
    },
    ...(criteria && { SourceSelectionCriteria: member(criteria, "SseKmsEncryptedObjects", "Status") }),
  } as never;
}

/** A property with the one member that is read of it. */
function member(properties: Properties, name: string, inner: string): Json {
  const value = properties.object(name);
  return value === undefined ? {} : { [name]: value.some(inner) };
}
