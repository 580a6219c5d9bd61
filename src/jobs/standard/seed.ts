import { count, withDefault } from "../../base/json/decode.js";

/** A seed as a param. */
export const seed = withDefault(count(0, 2 ** 32 - 1), 0);
