export { trainingLog } from "./training-log.js";
