import { ChurnkitError } from "../../../base/errors.js";
import { checkKey } from "../object-store.js";

/** Location and keys of a store's objects in S3. */
export interface S3Place {
  readonly bucket: string;
  /** "" or text that ends in "/". */
  readonly prefix: string;
  /** The object's key in the bucket. @throws ChurnkitError OPTION_INVALID for a key that no store keeps. */
  keyOf(key: string): string;
  /** "s3://bucket/key", for messages. */
  uriOf(key?: string): string;
  /** Policy name (ARN) of the bucket or an object. */
  arnOf(key?: string): string;
}

const bucketName = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const accessPoint = /^arn:(aws[a-z-]*):s3(?:-outposts)?:[a-z0-9-]*:\d{12}:\S{1,200}$/;
/** With the longest key of the port it stays under S3's 1,024 bytes. */
const maxPrefixLength = 120;

/**
 * Checks a bucket's name (or an access point's ARN) and a prefix. A prefix is a folder, with or without the "/" at its
 * end.
 *
 * @param partition "aws", "aws-cn", "aws-us-gov": the first part of every ARN.
 * @throws ChurnkitError OPTION_INVALID.
 */
export function s3Place(bucket: string, prefix = "", partition = "aws"): S3Place {
  if (!bucketName.test(bucket) && !accessPoint.test(bucket)) {
    throw invalid(
      `The bucket ${shown(bucket)} is not a valid S3 bucket name: 3 to 63 lowercase letters, digits, "-" and ".", or an access point's ARN.`,
    );
  }
  const folder = prefix.replace(/\/$/, "");
  if (folder.length > maxPrefixLength)
    throw invalid(`The prefix ${shown(prefix)} is longer than ${maxPrefixLength} characters.`);
  if (folder !== "") checkKey(folder);
  const root = folder === "" ? "" : `${folder}/`;
  const arn = bucket.startsWith("arn:") ? bucket : `arn:${partition}:s3:::${bucket}`;
  const objects = bucket.startsWith("arn:") ? `${arn}/object` : arn;
  return {
    bucket,
    prefix: root,
    keyOf(key) {
      checkKey(key);
      return root + key;
    },
    uriOf: (key) => `s3://${bucket}/${key === undefined ? root : root + key}`,
    arnOf: (key) => (key === undefined ? arn : `${objects}/${root}${key}`),
  };
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 80));

const invalid = (message: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", message);
