/** The registry of a policy. */
export interface SagemakerPolicyOptions {
  /** The model package group. */
  readonly name: string;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  /** `aws` except in China or a government's region. */
  readonly partition?: string | undefined;
  /** Whether versions may be removed. Default false. */
  readonly remove?: boolean | undefined;
}

/** A policy document for IAM. */
export interface SagemakerPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: "Allow";
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
  }[];
}

/**
 * Returns the minimum permissions of {@link sagemakerRegistry} in SageMaker; for its bucket see `s3StorePolicy`.
 *
 * @example
 * ```ts
 * import { sagemakerRegistryPolicy } from "churnkit/registry/sagemaker";
 *
 * const policy = sagemakerRegistryPolicy({ name: "churn", region: "eu-west-1", accountId: "123456789012" });
 * console.assert(policy.Statement.every(({ Resource }) => Resource.every((arn) => arn.includes("churn"))));
 * ```
 */
export function sagemakerRegistryPolicy({
  name,
  region,
  accountId,
  partition = "aws",
  remove = false,
}: SagemakerPolicyOptions): SagemakerPolicy {
  const arn = (kind: string, path: string): string =>
    `arn:${partition}:sagemaker:${region}:${accountId}:${kind}/${path}`;
  const group = arn("model-package-group", name);
  const packages = arn("model-package", `${name}/*`);
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "ModelPackageGroup",
        Effect: "Allow",
        Action: ["sagemaker:CreateModelPackageGroup"],
        Resource: [group],
      },
      {
        Sid: "ModelPackages",
        Effect: "Allow",
        Action: [
          "sagemaker:CreateModelPackage",
          "sagemaker:DescribeModelPackage",
          "sagemaker:ListModelPackages",
          "sagemaker:UpdateModelPackage",
          ...(remove ? ["sagemaker:DeleteModelPackage"] : []),
        ],
        Resource: [group, packages],
      },
    ],
  };
}
