import type { BasicType, ByteWriter } from "hyparquet-writer";
import { parseJson } from "../../base/json/index.js";
import { parquetWriter } from "./parquet-writer.js";
import type { OutputPart } from "./score-file.js";

/** Rows in a row group: one is in memory at a time. */
const groupRows = 65_536;

type Row = Readonly<Record<string, string | number | null>>;

/**
 * Turns JSON lines of scores into a Parquet file, row group by row group. The row's number and the probabilities are numbers,
 * all else is text.
 *
 * @param probabilities how many columns of them there are, before the label and the error.
 * @throws ChurnkitError PEER_MISSING without the package hyparquet-writer.
 */
export async function* parquetParts(
  lines: AsyncIterable<OutputPart>,
  probabilities: number,
): AsyncGenerator<OutputPart> {
  const driver = await parquetWriter();
  const decoder = new TextDecoder();
  const bytes: ByteWriter = new driver.ByteWriter();
  let writer: InstanceType<typeof driver.ParquetWriter> | undefined;
  let names: readonly string[] = [];
  let rows: Row[] = [];
  let counts = {};
  const taken = (): OutputPart => {
    const part = { bytes: bytes.getBytes().slice(), counts };
    bytes.index = 0;
    return part;
  };
  const group = async (): Promise<void> => {
    const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name] ?? undefined) }));
    await writer?.write({ columnData, rowGroupSize: groupRows });
    rows = [];
  };
  for await (const part of lines) {
    for (const line of decoder.decode(part.bytes).split("\n")) {
      if (line === "") continue;
      const row = parseJson(line) as Row;
      if (writer === undefined) {
        names = Object.keys(row);
        const scores = names.slice(-2 - probabilities, -2);
        const typed = names.map((name) => ({ name, type: typeOf(name, row, scores), nullable: true, data: [] }));
        writer = new driver.ParquetWriter({
          writer: bytes,
          schema: driver.schemaFromColumnData({ columnData: typed }),
        });
      }
      if (rows.push(row) < groupRows) continue;
      await group();
      yield taken();
    }
    counts = part.counts;
  }
  if (rows.length > 0) await group();
  await writer?.finish();
  yield taken();
}

function typeOf(name: string, row: Row, scores: readonly string[]): BasicType {
  if (scores.includes(name)) return "DOUBLE";
  return typeof row[name] === "number" ? "INT32" : "STRING";
}
