import type { ObjectStore } from "../../io/store/index.js";
import { s3Store } from "../../io/store/s3/store.js";
import { nameOf } from "../aws/target.js";
import type { AwsSession } from "./session.js";

/**
 * The target's part of its bucket: what `uriOf` gives addresses in. S3 refuses a bucket of another account.
 *
 * @throws ChurnkitError PEER_MISSING without `@aws-sdk/client-s3`; the errors of the session's check of the account.
 */
export async function targetStore({ target, clientConfig, check }: AwsSession): Promise<ObjectStore> {
  await check();
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
