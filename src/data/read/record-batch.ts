/** Whole records, cut into cells. Valid only during the call: the next batch uses the same memory. */
export interface RecordBatch {
  /** Cell c of record r is `bytes[starts[i]..ends[i])` with i = r * width + c: trimmed, unquoted, valid UTF-8. */
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly width: number;
  readonly rows: number;
  /** 0-based data row of each record. */
  readonly rowNumbers: Uint32Array<ArrayBuffer>;
}

/** Receiver of a tokenizer's records. */
export interface RecordSink {
  /** Called once, before any batch. A column without a name that is left out is undefined. */
  header(names: readonly (string | undefined)[]): void;
  batch(batch: RecordBatch): void;
  /** A record with a broken form, if those are set aside; may come before the batch with earlier rows. */
  refused(row: number, message: string): void;
}

/** Most records in a batch. */
export const mostRows = 8192;
/** Limit on the cells in a batch, of records of any width. */
export const mostCells = 131_072;

/** Limit on the records in a batch, for records of `width` cells. */
export const batchCapacity = (width: number): number => Math.min(mostRows, Math.ceil(mostCells / width));
