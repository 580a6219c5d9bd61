// The entry of the functions' bundle: an export is a handler.
import { handlers } from "./functions.js";

const { "release-step": releaseStep, ...others } = handlers();
export const { ingestion, validation, evaluation, retrain, approved, monitor } = others;
export { releaseStep };
