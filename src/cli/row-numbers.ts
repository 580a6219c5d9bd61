import { readFile } from "node:fs/promises";
import { ChurnkitError } from "../base/errors.js";
import { parseJson } from "../base/json/index.js";

/** Reads a JSON array of 0-based data rows. */
export async function readRows(file: string): Promise<number[]> {
  const problem = (why: string, cause?: unknown): ChurnkitError =>
    new ChurnkitError("OPTION_INVALID", `${file} must hold a JSON array of 0-based row numbers: ${why}.`, {
      where: { file },
      cause,
    });
  let rows: unknown;
  try {
    rows = parseJson(await readFile(file, "utf8"));
  } catch (cause) {
    throw problem(cause instanceof Error ? cause.message.slice(0, 200) : "it cannot be read", cause);
  }
  if (!Array.isArray(rows)) throw problem("it holds something else");
  if (rows.length === 0) throw problem("it lists none");
  const wrong = rows.find((row) => !Number.isSafeInteger(row) || (row as number) < 0) as unknown;
  if (wrong !== undefined) throw problem(`${JSON.stringify(wrong)} is not a row number`);
  return rows as number[];
}
