import { parseJson } from "../../../base/json/parse.js";

/** A payload's text cut into cells, as CSV has them: quotes may enclose a cell, and are doubled inside. */
export function csvRows(text: string, most: number): string[][] {
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
    } else if (char === ",") {
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

/** What SageMaker captured of one side of a request. */
export interface Payload {
  readonly data: string;
  readonly form: "csv" | "json" | "jsonLines";
}

/** Decodes what was captured; undefined where it cannot be. */
export function payloadOf(side: unknown): Payload | undefined {
  if (typeof side !== "object" || side === null) return undefined;
  const { data, encoding, observedContentType } = side as Readonly<Record<string, unknown>>;
  if (typeof data !== "string") return undefined;
  const type = typeof observedContentType === "string" ? observedContentType.toLowerCase() : "";
  const kind = typeof encoding === "string" ? encoding.toUpperCase() : "";
  if (kind === "CSV") return { data, form: "csv" };
  if (kind === "JSON") return { data, form: type.includes("jsonlines") ? "jsonLines" : "json" };
  if (kind !== "BASE64") return undefined;
  const text = fromBase64(data);
  if (text === undefined) return undefined;
  if (type.includes("jsonlines")) return { data: text, form: "jsonLines" };
  if (type.includes("json")) return { data: text, form: "json" };
  return { data: text, form: type.includes("csv") || type === "" || type.startsWith("text/") ? "csv" : "json" };
}

function fromBase64(data: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The values of a payload: the parsed JSON, or a row of cells for each line of CSV. */
export function valuesOf({ data, form }: Payload, most: number): unknown {
  if (form === "csv") return csvRows(data, most);
  if (form === "json") return parseJson(data);
  const lines = data.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(0, most + 1).map((line) => parseJson(line));
}
