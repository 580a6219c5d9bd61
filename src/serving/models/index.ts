export { modelHost, type HostedModel, type ModelHost } from "./host.js";
export { loadForService, rollBackToCopy, type LoadedModel } from "./load-for-service.js";
export { modelsOf, type Models, type ServedModel } from "./models.js";
