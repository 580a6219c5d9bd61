import { parseJson } from "../../base/json/index.js";

/** A payload's text cut into cells, as CSV has them: quotes may enclose a cell, and are doubled inside. */
export function csvRows(text: string, most: number, delimiter = ","): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  let filled = false;
  const endCell = (): void => {
    row.push(cell);
    cell = "";
  };
  const endRow = (): void => {
    endCell();
    if (filled) rows.push(row);
    row = [];
    filled = false;
  };
  for (let i = 0; i < text.length && rows.length <= most; i++) {
    const char = text[i] as string;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (char === '"' && cell === "") {
      quoted = true;
      filled = true;
    } else if (char === delimiter) {
      endCell();
      filled = true;
    } else if (char === "\n") endRow();
    else if (char !== "\r") {
      cell += char;
      filled = true;
    }
  }
  endRow();
  return rows;
}

/** One side of a captured request: rows of CSV, or a JSON value, where JSON lines are a list. */
export type Payload = { readonly rows: readonly (readonly string[])[] } | { readonly value: unknown };

/** Why something cannot be read. It names columns, keys and counts, never a value. */
export interface Problem {
  readonly problem: string;
}

/** Returns whether decoding failed. */
export const isProblem = (found: object): found is Problem => "problem" in found;

/**
 * Decodes one side of a captured request. SageMaker's `encoding` reflects the setup of the capture and
 * `observedContentType` the container's claim, and either may be wrong: JSON arrives as text/html, and as anything in
 * base64. So a text that looks like JSON and parses as JSON is read as JSON whatever its label, and CSV is read
 * unless the label is JSON.
 *
 * @param most limit on the rows or lines to read; one more shows that there are more.
 * @param parse reads JSON.
 */
export function payloadOf(side: unknown, most: number, parse = parseJson): Payload | Problem {
  if (typeof side !== "object" || side === null) return { problem: "it was not captured" };
  const { data, encoding, observedContentType } = side as Readonly<Record<string, unknown>>;
  if (typeof data !== "string") return { problem: "it holds no data" };
  const type = typeof observedContentType === "string" ? observedContentType.toLowerCase() : "";
  const kind = typeof encoding === "string" ? encoding.toUpperCase() : "";
  const decoded = kind === "BASE64" ? fromBase64(data) : data;
  if (decoded === undefined) return { problem: `it is not base64 text (${type.slice(0, 60) || "no content type"})` };
  const text = decoded.replace(/^\uFEFF/, "").trim();
  const csv = kind === "CSV" || type.includes("csv");
  const json = kind === "JSON" || type.includes("json");
  if (json || /^[[{]/.test(text)) {
    const found = fromJson(text, most, parse);
    if (found !== undefined) return found;
    if (json && !csv) return { problem: "it is labeled JSON but is not valid JSON" };
  }
  return { rows: csvRows(text, most) };
}

function fromBase64(data: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A JSON value, or a list of those of its lines. */
function fromJson(text: string, most: number, parse: typeof parseJson): Payload | undefined {
  try {
    return { value: parse(text) };
  } catch {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    if (lines.length < 2) return undefined;
    try {
      return { value: lines.slice(0, most + 1).map((line) => parse(line)) };
    } catch {
      return undefined;
    }
  }
}
