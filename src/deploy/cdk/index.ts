/**
 * AWS CDK constructs over the definitions of `churnkit/deploy/aws`. Needs the packages aws-cdk-lib and constructs.
 *
 * @module churnkit/deploy/cdk
 */
export { ChurnLoop, type ChurnLoopProps } from "./loop.js";
export { ChurnStorage, type ChurnStorageProps } from "./storage.js";
export { ChurnWatch, type ChurnWatchProps } from "./watch.js";
