import { writeFileAtomic } from "../../io/atomic.js";
import { csvLine, type CsvValue } from "./csv-line.js";

/** A record to write: a value for each column. */
export type CsvRecord = Readonly<Record<string, CsvValue>>;

/** Number of characters that are written to the file at a time, approximately. */
const CHUNK = 1 << 16;

/**
 * Writes records as a CSV file with a header, so that `readCsv` reads the same values. The first record names the
 * columns. The file is written next to its destination and then renamed: a reader sees all of it or none.
 *
 * @throws ChurnkitError IO_FAILED with the path and what to do.
 * @example
 * ```ts
 * import { syntheticCustomers, writeCsv } from "churnkit/data";
 *
 * await writeCsv("customers.csv", syntheticCustomers({ rows: 1000 }).records);
 * ```
 */
export function writeCsv(path: string, records: Iterable<CsvRecord>): Promise<void> {
  return writeFileAtomic(path, chunks(records));
}

// Asynchronous only because that is what the writer takes.
// oxlint-disable-next-line typescript/require-await
async function* chunks(records: Iterable<CsvRecord>): AsyncGenerator<string> {
  let names: readonly string[] | undefined;
  let text = "";
  for (const record of records) {
    if (names === undefined) {
      names = Object.keys(record);
      text = csvLine(names);
    }
    text += csvLine(names.map((name) => record[name]));
    if (text.length < CHUNK) continue;
    yield text;
    text = "";
  }
  yield text;
}
