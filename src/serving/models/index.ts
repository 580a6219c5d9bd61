export type { Exposure } from "./entry.js";
export { exposureLog, type ExposureLog } from "./exposure-log.js";
export { modelHost, type HostedModel, type ModelHost } from "./host.js";
export type { LoadedModel } from "./load-for-service.js";
export { modelsOnDemand } from "./models-on-demand.js";
export { modelsOf, type Models, type ServedModel } from "./models.js";
