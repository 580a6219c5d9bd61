export { sagemakerRegistry, type SagemakerRegistryOptions } from "./sagemaker-registry.js";
export { sagemakerRegistryPolicy, type SagemakerPolicyOptions } from "./policy.js";
