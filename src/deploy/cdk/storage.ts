import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Trail } from "aws-cdk-lib/aws-cloudtrail";
import { Repository, TagMutability, TagStatus } from "aws-cdk-lib/aws-ecr";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import { Bucket, BucketEncryption, type CfnBucket, type IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { ChurnkitError } from "../../base/errors.js";
import { type AwsTarget, nameOf, partitionOf } from "../aws/target.js";
import { argued } from "./argued.js";
import { closed } from "./closed.js";
import { letServicesUse } from "./key-policy.js";
import { replicaOf } from "./replica.js";
import { targetOf } from "./target-of.js";

/** What {@link ChurnStorage} makes. */
export interface ChurnStorageProps {
  readonly target: AwsTarget;
  /** The key to use. Default: the construct makes one. */
  readonly key?: IKey;
  /** `false` lets the key and the buckets go with the stack, once they are empty. Default true. */
  readonly retain?: boolean;
  /** Days until old versions of objects are deleted. Default 30. */
  readonly versionDays?: number;
  /** Keeps a log of each access to the bucket, in a bucket of its own. Default as `retain`: that bucket is never empty for long. */
  readonly accessLogs?: boolean;
  /** Another region, in which a copy of each object is kept. */
  readonly replicaRegion?: string;
  /** Makes the repository of the target's image, which one stage of an account does. Default false. */
  readonly repository?: boolean;
  /** Records who read and wrote which object, with CloudTrail; needs the access logs. Default false. */
  readonly trail?: boolean;
}

/**
 * The bucket of a target and the key that encrypts it: versioned, reached over TLS only, never public, and with events of
 * each object for EventBridge.
 *
 * @example
 * ```ts
 * import { App, Stack } from "aws-cdk-lib";
 * import { ChurnStorage } from "churnkit/deploy/cdk";
 *
 * const target = {
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * };
 * const stack = new Stack(new App(), "storage", { env: { account: target.account, region: target.region } });
 * const { bucket } = new ChurnStorage(stack, "Storage", { target, replicaRegion: "us-west-2" });
 * console.log(bucket.bucketArn);
 * ```
 */
export class ChurnStorage extends Construct {
  readonly key: IKey;
  readonly bucket: Bucket;
  readonly repository: Repository | undefined;

  constructor(scope: Construct, id: string, props: ChurnStorageProps) {
    super(scope, id);
    const target = targetOf(this, props.target);
    const { retain = true, versionDays = 30, accessLogs = retain, trail = false } = props;
    const removalPolicy = retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.key = props.key ?? ownKey(this, target, removalPolicy);
    const logs = accessLogs ? logBucket(this, target, removalPolicy) : undefined;
    const lifecycleRules = [
      {
        id: "old-versions",
        noncurrentVersionExpiration: Duration.days(versionDays),
        abortIncompleteMultipartUploadAfter: Duration.days(7),
      },
    ];
    const kept = { lifecycleRules, removalPolicy };
    this.bucket = new Bucket(this, "Bucket", {
      ...closed,
      bucketName: target.bucket,
      encryption: BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      versioned: true,
      ...(props.replicaRegion !== undefined && replicaOf(this, target, this.key, props.replicaRegion, kept)),
      ...kept,
    });
    const made = this.bucket.node.defaultChild as CfnBucket;
    // The library's own switch is a function that sets this after the bucket is made.
    made.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    if (logs === undefined)
      argued(this.bucket, { "AwsSolutions-S1": "This stage does without access logs: their bucket would outlive it." });
    else logAccess(made, target, logs);
    if (trail) recordAccess(this, target, this.bucket, this.key, logs);
    this.repository = props.repository === true ? repositoryOf(this, target, this.key, removalPolicy) : undefined;
  }
}

function ownKey(scope: Construct, target: AwsTarget, removalPolicy: RemovalPolicy): Key {
  const key = new Key(scope, "Key", {
    alias: nameOf(target),
    description: `Data, logs and messages of ${nameOf(target)}`,
    enableKeyRotation: true,
    removalPolicy,
  });
  letServicesUse(key, target);
  return key;
}

function logBucket(scope: Construct, target: AwsTarget, removalPolicy: RemovalPolicy): IBucket {
  const bucket = new Bucket(scope, "Logs", {
    ...closed,
    bucketName: `${target.bucket}-logs`,
    // S3 and CloudTrail write their logs without a key of ours.
    encryption: BucketEncryption.S3_MANAGED,
    versioned: true,
    lifecycleRules: [
      { id: "old-logs", expiration: Duration.days(365), noncurrentVersionExpiration: Duration.days(30) },
    ],
    removalPolicy,
  });
  argued(bucket, { "AwsSolutions-S1": "It holds the logs of access; its own would never end." });
  return bucket as IBucket;
}

/** Lets S3 write the log of a bucket into another, before it begins to. */
function logAccess(bucket: CfnBucket, target: AwsTarget, logs: IBucket): void {
  const logFilePrefix = "access/";
  const { policyDependable } = logs.addToResourcePolicy(
    new PolicyStatement({
      sid: "AccessLogs",
      principals: [new ServicePrincipal("logging.s3.amazonaws.com")],
      actions: ["s3:PutObject"],
      resources: [logs.arnForObjects(`${logFilePrefix}*`)],
      // By its name: the bucket itself comes after this.
      conditions: {
        ArnLike: { "aws:SourceArn": `arn:${partitionOf(target.region)}:s3:::${target.bucket}` },
        StringEquals: { "aws:SourceAccount": target.account },
      },
    }),
  );
  if (policyDependable !== undefined) bucket.node.addDependency(policyDependable);
  bucket.loggingConfiguration = { destinationBucketName: logs.bucketName, logFilePrefix };
}

function recordAccess(scope: Construct, target: AwsTarget, bucket: Bucket, key: IKey, logs: IBucket | undefined): void {
  if (logs === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${scope.node.path} has a trail, but no bucket for it: give it accessLogs: true.`,
      { where: { value: "trail" } },
    );
  const trail = new Trail(scope, "Trail", {
    trailName: nameOf(target),
    bucket: logs,
    s3KeyPrefix: "trail",
    encryptionKey: key,
    enableFileValidation: true,
    includeGlobalServiceEvents: false,
    isMultiRegionTrail: false,
  });
  trail.addS3EventSelector([{ bucket }], { includeManagementEvents: false });
}

/** The repository of the target's image, whose tags never move. */
function repositoryOf(scope: Construct, { image }: AwsTarget, key: IKey, removalPolicy: RemovalPolicy): Repository {
  const repositoryName = image.replace(/^[^/]+\//, "").replace(/[:@].*$/, "");
  return new Repository(scope, "Repository", {
    repositoryName,
    encryptionKey: key,
    imageScanOnPush: true,
    imageTagMutability: TagMutability.IMMUTABLE,
    lifecycleRules: [{ description: "untagged", tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(7) }],
    removalPolicy,
  });
}
