/**
 * Train, check, register, deploy, serve and watch a churn model. These are the everyday names; each room has its own
 * entry (`churnkit/data`, `churnkit/model`, ...) with everything.
 *
 * @module churnkit
 */
export { ChurnkitError, type ErrorCode } from "./base/errors.js";
export { version } from "./base/version.js";
export {
  defineDataset,
  defineFeatures,
  inferFromFile,
  ratio,
  readCsv,
  readTable,
  split,
  syntheticCustomers,
  writeCsv,
  type Contract,
  type Dataset,
  type Features,
  type Table,
} from "./data/index.js";
export { compareTables, driftAgainst, type DriftReport } from "./drift/index.js";
export { filesStore } from "./io/index.js";
export {
  churnNetwork,
  evaluate,
  loadBundle,
  logistic,
  saveBundle,
  train,
  type Evaluation,
  type TrainedModel,
} from "./model/index.js";
export { storeRegistry } from "./registry/index.js";
export { createHandler, listen } from "./serving/index.js";
