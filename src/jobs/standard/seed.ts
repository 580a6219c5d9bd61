import { count, withDefault } from "../../base/json/index.js";

/** A seed as a param. */
export const seed = withDefault(count(0, 2 ** 32 - 1), 0);
