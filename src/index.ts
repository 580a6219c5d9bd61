/**
 * Train, check, register, deploy, serve and watch a churn model. The everyday names; each room has an entry of its own
 * (`churnkit/data`, `churnkit/model`, ...) with everything.
 *
 * @module churnkit
 */
export { ChurnkitError, errorCodes, type ErrorCode, type ErrorWhere } from "./base/errors.js";
export { mix32, permutation, uniform } from "./base/random.js";
export { version } from "./base/version.js";
export {
  defineDataset,
  defineFeatures,
  inferFromFile,
  readTable,
  split,
  type Contract,
  type Dataset,
  type Features,
  type Table,
} from "./data/index.js";
export { compareTables, driftAgainst, type DriftReport } from "./drift/index.js";
export { churnNetwork, evaluate, loadBundle, logistic, saveBundle, train, type TrainedModel } from "./model/index.js";
export { createHandler, listen } from "./serving/index.js";
