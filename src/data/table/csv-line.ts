/** Cell of a CSV line; null and undefined are written as empty. */
export type CsvValue = string | number | boolean | null | undefined;

/**
 * Formats one CSV line with its line end (RFC 4180, LF). A text with a comma, quote, line end or blank at an end is
 * quoted, so that `readCsv` reads the same text.
 */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(",")}\n`;
}

/** Formats one cell of a CSV line. */
export function csvCell(value: CsvValue): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
