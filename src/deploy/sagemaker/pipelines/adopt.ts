import { ChurnkitError } from "../../../base/errors.js";
import { s3Objects } from "../../../io/store/s3/objects.js";
import { openBundle } from "../../../model/bundle/index.js";
import type { ModelRegistry, ModelVersion } from "../../../registry/index.js";
import type { AwsSession } from "../session.js";

/**
 * Takes a version of SageMaker's model registry into churnkit's, where releases find it: reads the package's model and registers it. The
 * same model keeps its version, so the call may be repeated.
 *
 * @param version ARN of the model package.
 * @throws ChurnkitError REGISTRY_REFUSED for a package that is not approved, or has no model of churnkit's; AWS_FAILED, STORE_FAILED,
 * BUNDLE_*.
 * @example
 * ```ts
 * import { adoptVersion, type AwsSession } from "churnkit/deploy/sagemaker";
 * import type { ModelRegistry } from "churnkit/registry";
 *
 * async function approved(session: AwsSession, registry: ModelRegistry, arn: string): Promise<void> {
 *   const { number } = await adoptVersion(session, registry, arn);
 *   console.log(`${arn} is version ${number}`);
 * }
 * console.assert(typeof approved === "function");
 * ```
 */
export async function adoptVersion(
  session: AwsSession,
  registry: ModelRegistry,
  version: string,
): Promise<ModelVersion> {
  const found = await session.call("sagemaker", "DescribeModelPackage", { ModelPackageName: version });
  const { ModelApprovalStatus: approval, InferenceSpecification: serving } = found;
  if (approval !== "Approved") throw refused(version, `is ${approval ?? "without an approval"}. Approve it first`);
  const uri = serving?.Containers?.[0]?.ModelDataUrl;
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri ?? "") ?? [];
  if (bucket === undefined || key === undefined) throw refused(version, "names no model in S3");
  const { clientConfig } = session;
  const objects = await s3Objects({
    bucket,
    clientConfig: { ...clientConfig, forcePathStyle: clientConfig.endpoint !== undefined },
  });
  const bytes = await objects.read(key);
  if (bytes === undefined) throw refused(version, `names the model ${uri ?? ""}, which is not there any more`);
  const { artifact } = await openBundle(bytes as Uint8Array<ArrayBuffer>);
  // A first write here, which the session does not see.
  await session.check();
  const registered = await registry.register(artifact, { by: "SageMaker", tags: { modelPackage: version } });
  const { number, status } = registered.version;
  if (status !== "pending") return registered.version;
  return registry.setStatus(number, "approved", { by: "SageMaker", reason: found.ApprovalDescription });
}

const refused = (version: string, what: string): ChurnkitError =>
  new ChurnkitError("REGISTRY_REFUSED", `The model package ${version} ${what}.`, { where: { value: version } });
