import { count, withDefault } from "../../base/json/decode.js";

/** The seed of whatever is drawn. */
export const seed = withDefault(count(0, 2 ** 32 - 1), 0);
