/**
 * The version of this package, as in package.json; a test keeps the two equal.
 *
 * @example
 * ```ts
 * import { version } from "churnkit";
 *
 * console.assert(/^\d+\.\d+\.\d+/.test(version));
 * ```
 */
export const version = "0.1.0";
