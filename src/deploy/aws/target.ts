import { list, record, strictObject, text, where, optional, type Decoder } from "../../base/json/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { decodeWith } from "./decode.js";

/**
 * Where one stage of a project lives in AWS. Everything that churnkit makes there gets its name, its tags, its keys and its
 * network from the target.
 *
 * @example
 * ```ts
 * import type { AwsTarget } from "churnkit/deploy/aws";
 *
 * const target: AwsTarget = {
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * };
 * ```
 */
export interface AwsTarget {
  /** Begins every name: lowercase letters, digits and hyphens, at most 24. */
  readonly name: string;
  /** `dev`, `staging`, `prod`, or your own; follows the name, at most 12. */
  readonly stage: string;
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
  /** ECR image in the same region, by digest or tag. */
  readonly image: string;
  /** Execution role of jobs and endpoints. */
  readonly role: string;
  /** Bucket of data, models and runs. */
  readonly bucket: string;
  /** ARN of the key that encrypts volumes and outputs. */
  readonly kmsKey?: string | undefined;
  readonly vpc?: { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] } | undefined;
  /** Tags besides `project` and `stage`. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

const ownTags = ["project", "stage"];
/** Tags that deployments add to endpoints. */
const addedTags = 2;
const longestName = 63;

const matching = (pattern: RegExp, expected: string, max: number): Decoder<string> =>
  where(text(max), (value) => pattern.test(value), expected);

const word = (max: number): Decoder<string> =>
  matching(
    /^[a-z](-?[a-z0-9])*$/,
    `at most ${max} lowercase letters, digits and single hyphens, beginning with a letter`,
    max,
  );

const members = strictObject({
  name: word(24),
  stage: word(12),
  account: matching(/^\d{12}$/, "12 digits, as a text", 12),
  region: matching(/^[a-z]{2,3}(-[a-z]+)+-\d$/, 'a region such as "us-east-1"', 32),
  image: matching(
    /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/[a-z0-9._/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/,
    'an ECR image with a tag or a digest, such as "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"',
    255,
  ),
  role: matching(
    /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
    'the ARN of a role, such as "arn:aws:iam::123456789012:role/churn"',
    2048,
  ),
  bucket: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "the name of a bucket: 3 to 63 lowercase characters", 63),
  kmsKey: optional(
    matching(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[\w/-]+$/,
      'the ARN of a KMS key, such as "arn:aws:kms:us-east-1:123456789012:key/..."',
      2048,
    ),
  ),
  vpc: optional(
    strictObject({
      subnets: idList("subnet", 16),
      securityGroups: idList("sg", 5),
    }),
  ),
  tags: optional(
    where(
      record(text(256), 50 - ownTags.length - addedTags),
      (tags) => Object.keys(tags).every((key) => /^(?!aws:).{1,128}$/.test(key) && !ownTags.includes(key)),
      `tags whose keys have 1 to 128 characters, do not begin with "aws:", and are not ${ownTags.join(" or ")}`,
    ),
  ),
});

function idList(kind: string, max: number): Decoder<string[]> {
  const id = matching(new RegExp(`^${kind}-[0-9a-z]+$`), `an id such as "${kind}-0123456789abcdef0"`, 32);
  return where(list(id, max), (ids) => ids.length > 0, `a list of 1 to ${max} ids`);
}

const decoder: Decoder<AwsTarget> = (json) => {
  const target = members(json);
  const { account, region } = target;
  const [, , , imageRegion] = target.image.split(".");
  const [, , , , roleAccount] = target.role.split(":");
  const keyRegion = target.kmsKey?.split(":")[3] ?? region;
  if (roleAccount !== account)
    throw json.get("role").refused(`is of account ${roleAccount}, but the target is account ${account}`);
  if (imageRegion !== region)
    throw json.get("image").refused(`is in ${imageRegion}; SageMaker only pulls images of its own region, ${region}`);
  if (keyRegion !== region)
    throw json.get("kmsKey").refused(`is in ${keyRegion}; a volume needs a key of its own region, ${region}`);
  return target;
};

/**
 * Reads a target from untrusted JSON, such as a configuration file of a stage.
 *
 * @throws ChurnkitError OPTION_INVALID, naming the member.
 *
 * @example
 * ```ts
 * import { parseAwsTarget } from "churnkit/deploy/aws";
 *
 * const { stage } = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * console.assert(stage === "dev");
 * ```
 */
export const parseAwsTarget = (json: unknown): AwsTarget => decodeWith(decoder, json, "The AWS target", "target");

/** Name of the target itself, `churn-dev`, or of a thing in it, `churn-dev-v12`. */
export function nameOf({ name, stage }: AwsTarget, suffix?: string): string {
  const whole = [name, stage, ...(suffix === undefined ? [] : [suffix])].join("-");
  if (whole.length > longestName || !/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/.test(whole))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The name ${JSON.stringify(whole)} cannot be used: SageMaker takes at most ${longestName} letters, digits and hyphens. Give a name of at most ${longestName - name.length - stage.length - 2} characters.`,
      { where: { value: suffix } },
    );
  return whole;
}

/** ARN of a resource in the target's region and account. */
export const arnOf = ({ region, account }: AwsTarget, service: string, resource: string): string =>
  `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;

/** ARN of a resource of SageMaker, such as `endpoint/churn-dev`. */
export const sagemakerArn = (target: AwsTarget, resource: string): string => arnOf(target, "sagemaker", resource);

/** The partition of a region: `aws`, or that of China or of a government. */
export const partitionOf = (region: string): "aws" | "aws-cn" | "aws-us-gov" =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";

/** Tags of everything in the target. */
export const tagsOf = ({ name, stage, tags = {} }: AwsTarget): { Key: string; Value: string }[] =>
  Object.entries({ project: name, stage, ...tags }).map(([Key, Value]) => ({ Key, Value }));

/** S3 URI of a folder or object in the target's bucket, below its own prefix. */
export const uriOf = (target: AwsTarget, ...path: readonly string[]): string =>
  ["s3:/", target.bucket, nameOf(target), ...path].join("/");
