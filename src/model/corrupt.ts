import { documentError } from "../base/json/index.js";

/** Makes the error for a bundle file that cannot be used. */
export const corrupt = documentError("BUNDLE_CORRUPT", "The bundle's file", "Use an unchanged copy of the bundle.");
