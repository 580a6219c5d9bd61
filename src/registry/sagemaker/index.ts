export { sagemakerRegistry, type SagemakerRegistryOptions } from "./sagemaker-registry.js";
export { sagemakerRegistryPolicy, type SagemakerPolicy, type SagemakerPolicyOptions } from "./policy.js";
