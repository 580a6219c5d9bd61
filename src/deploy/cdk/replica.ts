import { Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import { Bucket, type BucketProps, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { type AwsTarget, nameOf, partitionOf } from "../aws/target.js";
import { argued } from "./argued.js";
import { closed } from "./closed.js";
import { stackIn } from "./stack-in.js";

/**
 * A bucket in another region, in a stack of its own, and what the target's bucket needs to send a copy of each object there.
 * The stacks know each other's things by names only, so neither reads the other's outputs.
 */
export function replicaOf(
  scope: Construct,
  target: AwsTarget,
  key: IKey,
  region: string,
  /** As the target's bucket: what ends there ends here, since S3 copies objects but no lifecycle. */
  kept: Required<Pick<BucketProps, "lifecycleRules" | "removalPolicy">>,
): Pick<BucketProps, "replicationRole" | "replicationRules"> {
  const there = stackIn(scope, target, region);
  const bucketName = `${target.bucket}-${region}`;
  const alias = `alias/${nameOf(target, "replica")}`;
  const replica = new Bucket(there, "Replica", {
    ...closed,
    bucketName,
    encryption: BucketEncryption.KMS,
    encryptionKey: new Key(there, "ReplicaKey", { alias, enableKeyRotation: true, removalPolicy: kept.removalPolicy }),
    bucketKeyEnabled: true,
    versioned: true,
    ...kept,
  });
  argued(replica, { "AwsSolutions-S1": "Only S3 itself writes it; the accesses to the original are logged." });
  Stack.of(scope).addStackDependency(there);
  const arn = (service: string, resource: string) =>
    `arn:${partitionOf(region)}:${service}:${region}:${target.account}:${resource}`;
  return {
    replicationRole: replicationRole(scope, target, key, bucketName, arn("kms", "key/*"), alias),
    replicationRules: [
      {
        id: "all",
        priority: 0,
        // By their names: a reference would have to cross regions.
        destination: Bucket.fromBucketName(scope, "ReplicaByName", bucketName),
        kmsKey: Key.fromKeyArn(scope, "ReplicaKeyByAlias", arn("kms", alias)),
        sseKmsEncryptedObjects: true,
        // What is erased here must not stay there.
        deleteMarkerReplication: true,
      },
    ],
  };
}

function replicationRole(
  scope: Construct,
  { bucket, region, account }: AwsTarget,
  key: IKey,
  replica: string,
  keysThere: string,
  alias: string,
): Role {
  const role = new Role(scope, "Replication", { assumedBy: new ServicePrincipal("s3.amazonaws.com") });
  const partition = partitionOf(region);
  const [own, copies] = [`arn:${partition}:s3:::${bucket}`, `arn:${partition}:s3:::${replica}/*`];
  const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>): void =>
    void role.addToPolicy(new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));
  allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [own]);
  allow(["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"], [`${own}/*`]);
  allow(["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], [copies]);
  allow(["kms:Decrypt"], [key.keyArn]);
  allow(["kms:Encrypt"], [keysThere], { "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias } });
  argued(role, {
    [`AwsSolutions-IAM5[Resource::${own}/*]`]: "It copies every object of the target's bucket.",
    [`AwsSolutions-IAM5[Resource::${copies}]`]: "It copies every object into the replica.",
    [`AwsSolutions-IAM5[Resource::${keysThere}]`]: `Only the key ${alias} of ${account}, by a condition.`,
  });
  return role;
}
