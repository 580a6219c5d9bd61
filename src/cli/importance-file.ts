import { ChurnkitError } from "../base/errors.js";
import { readJson } from "./json-file.js";

/** Reads a JSON object of weights by column; the code that uses the weights checks them. */
export async function readImportance(file: string): Promise<ReadonlyMap<string, number>> {
  const parsed = await readJson(file, "The importances");
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
    return new Map(Object.entries(parsed as Record<string, number>));
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${file} is not a JSON object. Give one such as {"tenure": 0.4, "plan": 0.1}.`,
    { where: { file } },
  );
}
