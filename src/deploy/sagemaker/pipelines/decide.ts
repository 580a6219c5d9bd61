import type { AwsSession } from "../session.js";

/**
 * Approves or rejects a version in SageMaker's model registry, with a note of who decided and why. A second time changes nothing.
 *
 * @param version ARN of the model package, as `watch` of a pipeline returns it.
 * @returns whether anything changed.
 *
 * @example
 * ```ts
 * import { type AwsSession, decideVersion } from "churnkit/deploy/sagemaker";
 *
 * async function approve(session: AwsSession, version: string): Promise<void> {
 *   await decideVersion(session, version, { decision: "Approved", by: "ada", reason: "better for every segment" });
 * }
 * console.assert(typeof approve === "function");
 * ```
 */
export async function decideVersion(
  session: AwsSession,
  version: string,
  {
    decision,
    by,
    reason,
  }: { readonly decision: "Approved" | "Rejected"; readonly by: string; readonly reason?: string | undefined },
): Promise<boolean> {
  const words = `${decision.toLowerCase()} by ${by}${reason === undefined ? "" : `: ${reason}`}`;
  // SageMaker takes 1024 characters, none of them a control character.
  const note = words.replaceAll(/\p{C}+/gu, " ").slice(0, 1024);
  const found = await session.call("sagemaker", "DescribeModelPackage", { ModelPackageName: version });
  if (found.ModelApprovalStatus === decision && found.ApprovalDescription === note) return false;
  await session.call("sagemaker", "UpdateModelPackage", {
    ModelPackageArn: version,
    ModelApprovalStatus: decision,
    ApprovalDescription: note,
  });
  return true;
}
