export { type ArtifactFolder, artifactFolder } from "./artifacts.js";
export { type Upload, uploadOf, wholeOf } from "./bytes.js";
export { type MlflowClient, mlflowClient } from "./client.js";
export { type Experiments, mlflowExperiments } from "./experiments.js";
export { type Speaker, strange } from "./failure.js";
export { mlflowCredentials } from "./environment.js";
export { connection, type MlflowConnection } from "./mlflow-connection.js";
export { fittingName, fittingValue, logBatches, type LoggedMetric, metricValue } from "./run-values.js";
export { readTags, type Tags, writeTags } from "./tags.js";
