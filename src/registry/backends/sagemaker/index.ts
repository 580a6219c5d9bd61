/**
 * The registry, shown in SageMaker Model Registry. Needs `@aws-sdk/client-sagemaker` and `@aws-sdk/client-s3`.
 *
 * @module churnkit/registry/sagemaker
 */
export { sagemakerRegistry } from "./sagemaker-registry.js";
export { sagemakerRegistryPolicy } from "./policy.js";
