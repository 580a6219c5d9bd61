/**
 * Loading and scoring alone, without Node modules: for browsers, workers and cold starts.
 *
 * @module churnkit/score
 */
/** Loading and scoring alone: small, quick to import, and without `node:` modules, for browsers and workers. */
export { ChurnkitError } from "../base/errors.js";
export { compile, type ScoredRecord, type Scorer } from "./scoring/compile.js";
export { openBundle, type Bundle, type OpenBundleOptions } from "./bundle/open.js";
