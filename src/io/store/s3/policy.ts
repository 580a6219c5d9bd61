import { ChurnkitError } from "../../../base/errors.js";
import { s3Place } from "./place.js";

/** An AWS IAM policy, in its JSON form. */
export interface IamPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly IamStatement[];
}

/** One statement of an {@link IamPolicy}. */
export interface IamStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Options of {@link s3StorePolicy}. */
export interface S3StorePolicyOptions {
  /** The bucket's name, or an access point's ARN. */
  readonly bucket: string;
  /** The store's prefix; nothing outside of it is allowed. */
  readonly prefix?: string | undefined;
  /** The key that encrypts the bucket or the store's objects, if it is one of KMS. */
  readonly kmsKeyArn?: string | undefined;
  /** For readers only, such as a server. Default false. */
  readonly readOnly?: boolean | undefined;
  /** "aws" (default), "aws-cn" or "aws-us-gov". */
  readonly partition?: "aws" | "aws-cn" | "aws-us-gov" | undefined;
}

const keyArn = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/[\w-]+$/;

/**
 * Returns the minimum permissions for the credentials of an `s3Store`, and for a `churnkit predict --resume` that writes below
 * the prefix: a policy to attach to a user or role, as plain JSON.
 *
 * @throws ChurnkitError OPTION_INVALID for a name that cannot be a bucket, prefix or key ARN.
 *
 * @example
 * ```ts
 * import { s3StorePolicy } from "churnkit/io/s3";
 *
 * const policy = s3StorePolicy({ bucket: "acme-models", prefix: "churn" });
 * console.assert(policy.Statement[0]?.Resource === "arn:aws:s3:::acme-models/churn/*");
 * console.log(JSON.stringify(policy, null, 2));
 * ```
 */
export function s3StorePolicy({
  bucket,
  prefix,
  kmsKeyArn,
  readOnly = false,
  partition,
}: S3StorePolicyOptions): IamPolicy {
  const place = s3Place(bucket, prefix, partition);
  const ofUploads = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"];
  const writing = readOnly ? [] : ["s3:PutObject", "s3:DeleteObject", ...ofUploads];
  const statements: IamStatement[] = [
    { Sid: "Objects", Effect: "Allow", Action: ["s3:GetObject", ...writing], Resource: place.arnOf("*") },
    {
      Sid: "List",
      Effect: "Allow",
      Action: ["s3:ListBucket"],
      Resource: place.arnOf(),
      ...(place.prefix === "" ? {} : { Condition: { StringLike: { "s3:prefix": `${place.prefix}*` } } }),
    },
  ];
  return {
    Version: "2012-10-17",
    Statement: kmsKeyArn === undefined ? statements : [...statements, keyStatement(kmsKeyArn, readOnly)],
  };
}

function keyStatement(arn: string, readOnly: boolean): IamStatement {
  const region = keyArn.exec(arn)?.[1];
  if (region === undefined) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The kmsKeyArn ${JSON.stringify(arn.slice(0, 200))} is not the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID).`,
    );
  }
  const service = `s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  return {
    Sid: "Key",
    Effect: "Allow",
    // S3 decrypts the parts of an upload to combine them, so writing needs both.
    Action: readOnly ? ["kms:Decrypt"] : ["kms:Decrypt", "kms:GenerateDataKey"],
    Resource: arn,
    Condition: { StringEquals: { "kms:ViaService": service } },
  };
}
