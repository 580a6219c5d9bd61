/** Texts that always mean missing: what R, pandas, SQL exports and spreadsheets write. The empty text always does. */
export const missingMarkers: ReadonlySet<string> = new Set([
  "NA",
  "N/A",
  "n/a",
  "<NA>",
  "#N/A",
  "#N/A N/A",
  "#NA",
  "NaN",
  "nan",
  "-NaN",
  "-nan",
  "NaT",
  "?",
  "null",
  "NULL",
  "Null",
  "<null>",
  "<NULL>",
  "(null)",
  "(NULL)",
  "[NULL]",
  "#NULL!",
  "\\N",
  "#DIV/0!",
  "#VALUE!",
  "#REF!",
  "#NAME?",
  "#NUM!",
]);

/** Words that mean missing if the rest of a column are numbers or dates, and are labels otherwise; lowercase. */
const unknownWords: ReadonlySet<string> = new Set([
  "unknown",
  "unk",
  "none",
  "nil",
  "missing",
  "undefined",
  "not available",
  "not applicable",
  "not provided",
  "not known",
  "no data",
  "n.a.",
  "na",
  "-",
  "--",
  "---",
  ".",
  "*",
  "(null)",
  "(blank)",
  "<null>",
  "\\n",
  "-nan",
  "inf",
  "infinity",
  "\u221e",
  "1.#inf",
  "1.#ind",
  "1.#qnan",
]);
/** Of these, those that may have a sign. */
const infinities: ReadonlySet<string> = new Set(["inf", "infinity", "\u221e", "1.#inf", "1.#ind"]);

/** `#DIV/0!`, `#VALUE!`, `#NAME?` and their equivalents in other languages. */
const spreadsheetError = /^#[\p{L}\d/_ ]{1,14}[!?]?$/u;
/** `0000-00-00`, `00/00/0000`, with or without a time of zeros. */
const zeroDate = /^0{1,4}([-/.])0{1,2}(?:\1)0{1,4}(?:[T ]00:00(?::00(?:\.0+)?)?)?$/;

/** Returns whether a text means that the number or date is unknown. */
export function isUnknownWord(text: string): boolean {
  if (text.length > 30) return false;
  const first = text[0];
  if (first === "#" && spreadsheetError.test(text)) return true;
  if (first === "0" && zeroDate.test(text)) return true;
  const lower = text.toLowerCase();
  if (unknownWords.has(lower)) return true;
  return (first === "+" || first === "-" || first === "\u2212") && infinities.has(lower.slice(1));
}
