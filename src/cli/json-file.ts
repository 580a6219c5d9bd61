import { readFile } from "node:fs/promises";
import { ChurnkitError } from "../base/errors.js";
import { parseJson } from "../base/json/index.js";
import { reasonOf } from "./output.js";

/**
 * Reads a file of JSON.
 *
 * @param what the file's content, for messages: "The policy".
 * @throws ChurnkitError INPUT_NOT_FOUND, INPUT_MALFORMED.
 */
export async function readJson(file: string, what: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ChurnkitError("INPUT_NOT_FOUND", `${what} ${file} cannot be read. Check the path.`, {
      where: { file },
      cause,
    });
  }
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ChurnkitError("INPUT_MALFORMED", `${what} ${file} is not JSON (${reasonOf(cause)}).`, {
      where: { file },
      cause,
    });
  }
}
