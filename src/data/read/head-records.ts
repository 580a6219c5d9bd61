/** A record at the head of a text, cut roughly: enough to detect the form of a file. */
export interface HeadRecord {
  /** Trimmed and without enclosing quotes; one character for each byte, so only ASCII is readable. */
  readonly cells: readonly string[];
  /** Whether the first cell was in quotes. */
  readonly quoted: boolean;
  /** Offset of the record's start, in bytes. */
  readonly start: number;
  /** Lines before it. */
  readonly line: number;
}

const mostRecords = 200;
const bytesAsText = new TextDecoder("latin1");

const bare = (cell: string): string => {
  const text = cell.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).trim() : text;
};

/**
 * Cuts the first bytes of a delimited text into at most 200 records; blank lines are skipped.
 *
 * @param whole whether this is all of the text; if not, a last record without a line end is left out.
 */
export function headRecords(
  head: Uint8Array,
  delimiter: number,
  { quote, whole }: { quote: boolean; whole: boolean },
): HeadRecord[] {
  const text = bytesAsText.decode(head);
  const records: HeadRecord[] = [];
  let cells: string[] = [];
  let start = 0;
  let cell = 0;
  let line = 0;
  let lines = 0;
  let quoted = false;
  // As in the tokenizer: a quote encloses a cell only if nothing but blanks precede it.
  let enclosed = false;
  let blank = true;
  const next = (at: number): void => {
    cell = at;
    quoted = enclosed = false;
    blank = true;
  };
  const close = (end: number): void => {
    cells.push(text.slice(cell, end));
    const first = cells[0] ?? "";
    if (cells.length > 1 || first.trim() !== "")
      records.push({
        cells: cells.map(quote ? bare : (one) => one.trim()),
        quoted: first.trim().startsWith('"'),
        start,
        line,
      });
    cells = [];
  };
  for (let i = 0; i < head.length && records.length < mostRecords; i++) {
    const byte = head[i];
    const ends = byte === 10 || (byte === 13 && head[i + 1] !== 10);
    if (ends) lines++;
    if (quote && byte === 34 && (enclosed || blank)) {
      enclosed = true;
      quoted = !quoted;
    } else if (quoted) continue;
    else if (ends) {
      close(i);
      next(i + 1);
      start = i + 1;
      line = lines;
    } else if (byte === delimiter) {
      cells.push(text.slice(cell, i));
      next(i + 1);
    } else if (byte !== 32 && byte !== 9 && byte !== 13) blank = false;
  }
  if (whole && records.length < mostRecords && start < head.length) close(head.length);
  return records;
}
