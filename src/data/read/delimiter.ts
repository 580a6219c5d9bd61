import { ChurnkitError } from "../../base/errors.js";
import type { ReadOptions } from "./options.js";

/** Delimiters that detection recognizes. */
export const delimiters = [",", "\t", ";", "|"] as const;

const names: Readonly<Record<string, string>> = { ",": "comma", "\t": "tab", ";": "semicolon", "|": "vertical bar" };

const nameOf = (delimiter: string): string => names[delimiter] ?? JSON.stringify(delimiter);

/** Counts each candidate outside quotes in the first line that is not blank. */
function countInHeader(head: Uint8Array, quote: boolean): Map<string, number> {
  const counts = new Map<string, number>(delimiters.map((candidate) => [candidate, 0]));
  let quoted = false;
  let blank = true;
  for (const byte of head) {
    if ((byte === 10 || byte === 13) && !quoted) {
      if (blank) continue;
      break;
    }
    blank = false;
    if (byte === 34 && quote) quoted = !quoted;
    if (quoted || byte > 127) continue;
    const char = String.fromCharCode(byte);
    const count = counts.get(char);
    if (count !== undefined) counts.set(char, count + 1);
  }
  return counts;
}

/**
 * Chooses the delimiter from the first bytes of the text: the candidate (comma, tab, semicolon, vertical bar) that
 * occurs most often in the header.
 *
 * @param expected the delimiter that the file's name implies, e.g. a comma for `.csv`: another one is refused rather
 * than guessed, because a wrong guess would read every row into wrong cells.
 * @throws ChurnkitError INPUT_MALFORMED if the header clearly uses another delimiter than `expected`.
 */
export function detectDelimiter(
  head: Uint8Array,
  { quote, expected, source }: { quote: boolean; expected: string | undefined; source: string },
): string {
  const counts = countInHeader(head, quote);
  let best: string = expected ?? ",";
  for (const candidate of delimiters) if ((counts.get(candidate) ?? 0) > (counts.get(best) ?? 0)) best = candidate;
  if (expected === undefined || best === expected) return best;
  const written = JSON.stringify(best);
  const message =
    `${source}: the header is separated by a ${nameOf(best)} (${written}), not by a ${nameOf(expected)}. ` +
    `Pass delimiter: ${written} (--delimiter ${written} on the command line), or save the file with ${nameOf(expected)}s.`;
  throw new ChurnkitError("INPUT_MALFORMED", message, { where: { file: source, value: best } });
}

/** Returns the format that a file's name implies; `.gz` at the end is ignored. */
export function formatOfName(path: string): {
  readonly format: "delimited" | "jsonl" | "parquet";
  readonly delimiter?: string;
  readonly quote?: boolean;
} {
  const name = path.toLowerCase().replace(/\.gz$/, "");
  if (/\.(jsonl|ndjson|json)$/.test(name)) return { format: "jsonl" };
  if (name.endsWith(".parquet")) return { format: "parquet" };
  if (name.endsWith(".tsv") || name.endsWith(".tab")) return { format: "delimited", delimiter: "\t", quote: false };
  if (name.endsWith(".csv")) return { format: "delimited", delimiter: "," };
  return { format: "delimited" };
}

/** Adds the options that the file's name implies, unless the caller set them. */
export function optionsForName<T extends Pick<ReadOptions, "source" | "quote">>(
  path: string,
  options: T,
): { readonly options: T; readonly expected: string | undefined } {
  const { delimiter, quote = true } = formatOfName(path);
  const filled = { ...options, source: options.source ?? path, quote: options.quote ?? quote };
  return { options: filled, expected: delimiter };
}
