import type { NumberFormat } from "./contract.js";
import type { ObjectReader } from "./json-shape.js";
import { contractLimits } from "./limits.js";

/**
 * Reads the member `numberFormat` of a column or of a schema's metadata.
 *
 * @throws ChurnkitError CONTRACT_INVALID naming the member that is wrong.
 */
export function readNumberFormat(reader: ObjectReader): NumberFormat {
  const format = reader.object("numberFormat", ["decimal", "grouping", "prefix", "suffix", "accounting"]);
  return {
    decimal: format.oneOf("decimal", [".", ","]),
    ...(format.has("grouping") ? { grouping: format.oneOf("grouping", [",", ".", " ", "'"]) } : {}),
    ...(format.has("prefix") ? { prefix: format.text("prefix", contractLimits.name) } : {}),
    ...(format.has("suffix") ? { suffix: format.text("suffix", contractLimits.name) } : {}),
    ...(format.has("accounting") ? { accounting: format.flag("accounting") } : {}),
  };
}
