export { concatTables } from "./concat-tables.js";
export { csvCell, csvLine, type CsvValue } from "./csv-line.js";
export { hashTable } from "./hash-table.js";
export {
  classCodes,
  knownLabels,
  labels,
  listedLabels,
  mostClasses,
  ofClasses,
  targetColumn,
  unknownLabels,
  type UnknownLabels,
} from "./labels.js";
export { RecordKeys } from "./record-keys.js";
export { recordOf, type RecordValue } from "./record-of.js";
export { rowBuffer, type RowBuffer } from "./row-buffer.js";
export { type RowFingerprints, rowFingerprints } from "./row-fingerprints.js";
export { tableFromBytes, tableToBytes } from "./table-bytes.js";
export type { ColumnData, ColumnName, Table } from "./table.js";
export { spreadRows, takeRows } from "./take-rows.js";
export { writeCsv } from "./write-csv.js";
