import type { ObjectStore } from "../../io/store/index.js";
import { s3Store } from "../../io/store/s3/store.js";
import { type AwsTarget, nameOf } from "../aws/target.js";
import type { AwsSession } from "./session.js";

/** The target's part of its bucket: what `uriOf` gives addresses in. */
export function targetStore(target: AwsTarget, clientConfig: AwsSession["clientConfig"]): Promise<ObjectStore> {
  const { bucket, account, kmsKey } = target;
  return s3Store({
    bucket,
    prefix: nameOf(target),
    // An endpoint of one's own, such as a rehearsal's, has no host for each bucket.
    clientConfig: { ...clientConfig, ...(clientConfig.endpoint !== undefined && { forcePathStyle: true }) },
    expectedBucketOwner: account,
    ...(kmsKey !== undefined && { serverSideEncryption: "aws:kms", kmsKeyId: kmsKey }),
  });
}
