/** Texts that mean missing wherever they stand. The empty text always does. */
export const missingMarkers: ReadonlySet<string> = new Set([
  "NA", "N/A", "n/a", "#N/A", "null", "NULL", "Null", "NaN", "nan", "?",
]);

/** Words that mean missing where the rest of a column are numbers or dates, and are labels elsewhere; lower case. */
const unknownWords: ReadonlySet<string> = new Set([
  "unknown", "unk", "none", "nil", "missing", "undefined", "not available", "not applicable", "not provided",
  "not known", "no data", "n.a.", "na", "-", "--", "---", ".", "*", "\\n", "(null)", "(blank)", "<na>", "<null>",
]);

export const isUnknownWord = (text: string): boolean => text.length <= 20 && unknownWords.has(text.toLowerCase());
