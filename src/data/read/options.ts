import { ChurnkitError } from "../../base/errors.js";
import { choice, targetMode, type RowOptions, type TargetMode } from "../table/row-options.js";

/**
 * Sizes that guard memory. Each is checked during reading, so that no input can use more than a few times its limit.
 */
export interface ReadLimits {
  /** Longest record in bytes, quoted line ends included. Default 16 MiB. */
  readonly lineBytes: number;
  /** Longest cell in bytes. Default 1 MiB. */
  readonly cellBytes: number;
  /** Most columns of a header. Default 10,000; at most 50,000. */
  readonly columns: number;
  /** Most bytes of text in all, after decompression. Default 8 GiB. */
  readonly totalBytes: number;
}

/** Default limits. */
export const defaultLimits: ReadLimits = {
  lineBytes: 16 * 1024 * 1024,
  cellBytes: 1024 * 1024,
  columns: 10_000,
  totalBytes: 8 * 1024 ** 3,
};

/** How to read a file or stream of rows. */
export interface ReadOptions extends RowOptions {
  /** One ASCII character. Default: detected from the header, except that `.csv` means comma and `.tsv` means tab. */
  readonly delimiter?: string | undefined;
  /**
   * Whether double quotes enclose cells, as in RFC 4180. Default true, but false for `.tsv`, where they are plain
   * text.
   */
  readonly quote?: boolean | undefined;
  /**
   * A row with too few or too many cells, text after a closing quote, or a JSON line that is not an object: `error`
   * (default) refuses the whole input, `reject-row` sets the row aside with its reason.
   */
  readonly ragged?: "error" | "reject-row" | undefined;
  /**
   * A feature that the header (of JSON lines and records: every row) lacks, and that is neither optional nor has a
   * default: `error` (default) refuses the input; `leave-out` returns a table without the column, for callers that
   * allow it explicitly; `missing` reads one that may be missing as missing in every row, and is `error` for others
   * of a header.
   */
  readonly absent?: "error" | "leave-out" | "missing" | undefined;
  readonly limits?: Partial<ReadLimits> | undefined;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly source: string;
  readonly target: TargetMode;
  /** Undefined if the delimiter is to be detected. */
  readonly delimiter: number | undefined;
  readonly quote: boolean;
  readonly ragged: "error" | "reject-row";
  readonly absent: "error" | "leave-out" | "missing";
  readonly limits: ReadLimits;
}

function delimiterByte(delimiter: string | undefined): number | undefined {
  if (delimiter === undefined) return undefined;
  const code = delimiter.charCodeAt(0);
  const usable = delimiter.length === 1 && code < 128 && (code >= 32 || code === 9) && !/["\w.+ -]/.test(delimiter);
  if (usable) return code;
  const message =
    `The delimiter ${JSON.stringify(delimiter)} cannot separate cells; ` +
    'give one ASCII character such as ",", ";", "|" or a tab.';
  throw new ChurnkitError("OPTION_INVALID", message, { where: { value: delimiter } });
}

/**
 * Checks read options and fills in their defaults.
 *
 * @throws ChurnkitError OPTION_INVALID, naming the option.
 */
export function resolveOptions(options: ReadOptions): ResolvedOptions {
  const limits = { ...defaultLimits };
  for (const name of Object.keys(defaultLimits) as (keyof ReadLimits)[]) {
    const value = options.limits?.[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 1 || (name === "columns" && value > 50_000)) {
      throw new ChurnkitError("OPTION_INVALID", `The limit ${name} is ${value}; it must be a whole number above 0.`, {
        where: { value },
      });
    }
    limits[name] = value;
  }
  return {
    source: options.source ?? "input",
    target: targetMode(options.target),
    delimiter: delimiterByte(options.delimiter),
    quote: options.quote ?? true,
    ragged: choice("ragged", options.ragged, ["error", "reject-row"], "error"),
    absent: choice("absent", options.absent, ["error", "leave-out", "missing"], "error"),
    limits,
  };
}
