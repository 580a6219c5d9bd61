import { readFile } from "node:fs/promises";
import { ChurnkitError } from "../base/errors.js";

/** Reads a JSON object of weights by column; what the weights may be is checked where they are used. */
export async function readImportance(file: string): Promise<ReadonlyMap<string, number>> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new ChurnkitError("OPTION_INVALID", `${file} ${what}. Give a JSON object such as {"tenure": 0.4, "plan": 0.1}.`, { where: { file }, cause });
  };
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ChurnkitError("INPUT_NOT_FOUND", `The importances ${file} cannot be read.`, { where: { file }, cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    return refuse("is not JSON", cause);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return refuse("holds no JSON object");
  return new Map(Object.entries(parsed as Record<string, number>));
}
