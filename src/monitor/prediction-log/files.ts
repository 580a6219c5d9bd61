import type { SchemaElement } from "hyparquet";
import { list, object, oneOf, text, documentError, JsonValue, parseJson } from "../../base/json/index.js";
import { parquetLines, rangedBytes } from "../../data/read/index.js";
import type { RecordValue } from "../../data/table/index.js";
import { parquetWriter } from "../../model/batch/index.js";
import type { LogColumn, LogType } from "./columns.js";

/** A row of the log; times and days are ISO 8601 texts. */
export type LogRow = Readonly<Record<string, RecordValue>>;

/** Ends the name of a file of the log. */
export const logFileName = /\.predictions\.parquet$/;

const columnsKey = "churnkit-prediction-log";
const types = ["string", "double", "bigint", "boolean", "date", "timestamp"] as const;
const columnsOf = list(object({ name: text(), type: oneOf(types) }), 50_000);
const damaged = documentError("INPUT_MALFORMED", "The prediction log", "Write the day again with updatePredictionLog.");

/** How each type is kept. */
const elements: Readonly<Record<LogType, Partial<SchemaElement>>> = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  double: { type: "DOUBLE" },
  bigint: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
  date: { type: "INT32", converted_type: "DATE" },
  timestamp: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
};

function valueOf(type: LogType, value: RecordValue | undefined): unknown {
  // A text without characters says nothing, and reads back as missing.
  if (value === null || value === undefined || value === "") return undefined;
  if (type === "bigint") return BigInt(Math.trunc(Number(value)));
  if (type === "date" || type === "timestamp") return new Date(String(value));
  return value;
}

/** Rows as a Parquet file. The same rows give the same bytes. */
export async function logFile(
  columns: readonly LogColumn[],
  rows: readonly LogRow[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { parquetWriteBuffer } = await parquetWriter();
  const columnData = columns.map(({ name, type }) => ({ name, data: rows.map((row) => valueOf(type, row[name])) }));
  const schema: SchemaElement[] = [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type }) => ({ name, repetition_type: "OPTIONAL" as const, ...elements[type] })),
  ];
  const kvMetadata = [{ key: columnsKey, value: JSON.stringify(columns) }];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, kvMetadata, rowGroupSize: 65_536 }));
}

/** The columns and the rows of a file that {@link logFile} wrote. @throws ChurnkitError INPUT_MALFORMED. */
export async function readLogFile(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ readonly columns: LogColumn[]; readonly rows: LogRow[] }> {
  const decoder = new TextDecoder();
  let lines = "";
  // Checks the untrusted file, too.
  for await (const part of parquetLines(name, rangedBytes(bytes))) lines += decoder.decode(part);
  const { parquetMetadata } = await import("hyparquet");
  const { key_value_metadata: pairs = [] } = parquetMetadata(bytes.slice().buffer);
  const found = pairs.find(({ key }) => key === columnsKey)?.value;
  if (found === undefined) throw damaged(name, "is not one that updatePredictionLog wrote");
  const columns = columnsOf(JsonValue.parse(found, name, damaged));
  return {
    columns,
    rows: lines
      .split("\n")
      .filter(Boolean)
      .map((line) => parseJson(line) as LogRow),
  };
}
