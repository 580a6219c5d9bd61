import { ChurnkitError } from "../../base/errors.js";

/**
 * The optional package that writes Parquet.
 *
 * @throws ChurnkitError PEER_MISSING.
 */
export async function parquetWriter() {
  try {
    return await import("hyparquet-writer");
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      "Writing Parquet needs a package that cannot be loaded here: npm install hyparquet-writer",
      { where: { value: "hyparquet-writer" }, cause },
    );
  }
}
