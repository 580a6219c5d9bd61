export { modelsOf, oneModel, type Models, type ServedModel } from "./models.js";
