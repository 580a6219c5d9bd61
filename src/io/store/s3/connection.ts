import type * as Sdk from "@aws-sdk/client-s3";
import { ChurnkitError } from "../../../base/errors.js";
import { isSkewed } from "./error.js";
import { s3Place, type S3Place } from "./place.js";

/** Options of `s3Store`. */
export interface S3StoreOptions {
  /** The bucket's name, or an access point's ARN. It must exist. */
  readonly bucket: string;
  /** The folder in the bucket that the store may use. Default: the whole bucket. */
  readonly prefix?: string | undefined;
  /** Your own client, with its retries and time-outs; otherwise one is made from `clientConfig`. */
  readonly client?: Sdk.S3Client | undefined;
  /** Region, credentials, endpoint and so on; the SDK finds the rest as usual (environment, profile, role). */
  readonly clientConfig?: Sdk.S3ClientConfig | undefined;
  /** S3's encryption of written objects. Default: the bucket's. */
  readonly serverSideEncryption?: "AES256" | "aws:kms" | "aws:kms:dsse" | undefined;
  /** Id or ARN of the KMS key. Default: the account's own for S3. */
  readonly kmsKeyId?: string | undefined;
  /** The account that must own the bucket: requests to another's are refused. */
  readonly expectedBucketOwner?: string | undefined;
  /** Bytes in a part of a streamed object, 5 MiB to 5 GiB; S3 takes 10,000 parts. Default 8 MiB. */
  readonly partBytes?: number | undefined;
}

/** Inputs of every call. */
export interface S3Connection {
  readonly sdk: typeof Sdk;
  /** The same as the client's own, but prepared for a clock that is corrected while the process runs. */
  readonly send: Sdk.S3Client["send"];
  readonly place: S3Place;
  /** Part of every request. */
  readonly common: { readonly Bucket: string; readonly ExpectedBucketOwner?: string };
  /** Part of every request that starts an object. */
  readonly encryption: { readonly ServerSideEncryption?: Sdk.ServerSideEncryption; readonly SSEKMSKeyId?: string };
}

/** @throws ChurnkitError PEER_MISSING, OPTION_INVALID. */
export async function connect(options: S3StoreOptions): Promise<S3Connection> {
  const { bucket, prefix, serverSideEncryption, kmsKeyId, expectedBucketOwner } = options;
  s3Place(bucket, prefix);
  if (kmsKeyId !== undefined && serverSideEncryption?.startsWith("aws:kms") !== true) {
    throw new ChurnkitError("OPTION_INVALID", 'A kmsKeyId needs serverSideEncryption: "aws:kms" or "aws:kms:dsse".');
  }
  const sdk = await load();
  const client = options.client ?? new sdk.S3Client({ ...patience, ...options.clientConfig });
  return {
    sdk,
    send: sender(client),
    place: s3Place(bucket, prefix, partitionOf(await regionOf(client))),
    common: {
      Bucket: bucket,
      ...(expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner }),
    },
    encryption: {
      ...(serverSideEncryption === undefined ? {} : { ServerSideEncryption: serverSideEncryption }),
      ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    },
  };
}

/** Retries with growing, random pauses; a silent connection is given up, not waited for without end. */
const patience: Sdk.S3ClientConfig = {
  maxAttempts: 5,
  retryMode: "standard",
  requestHandler: { connectionTimeout: 5_000, socketTimeout: 30_000 },
};

async function load(): Promise<typeof Sdk> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    const message = "The S3 store needs a package that cannot be loaded here: npm install @aws-sdk/client-s3";
    throw new ChurnkitError("PEER_MISSING", message, { where: { value: "@aws-sdk/client-s3" }, cause });
  }
}

/**
 * The SDK corrects for a clock that differs from S3's, and tries again. If that clock is corrected later, the SDK
 * corrects itself back, but leaves the retry to the caller.
 */
function sender(client: Sdk.S3Client): Sdk.S3Client["send"] {
  const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
  const again = (command: unknown): Promise<unknown> =>
    send(command).catch((error: unknown) => {
      if (!isSkewed(error)) throw error;
      return send(command);
    });
  return again as Sdk.S3Client["send"];
}

async function regionOf(client: Sdk.S3Client): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new ChurnkitError("OPTION_INVALID", "The S3 store needs a region: set clientConfig.region or AWS_REGION.", {
      cause,
    });
  }
}

/** AWS's accounts in China and of the US government have different ARNs. */
function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
