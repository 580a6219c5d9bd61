import { type CellIssue, cellIssue } from "./issue.js";
import type { NumberColumn } from "../contract.js";
import { describeNumberFormat, formattedNumberReader, plainCharacters } from "./number-format.js";

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A finite double never needs more characters; longer texts are refused before the pattern sees them. */
const maxCharacters = 400;

const finite = (value: number): number => (Number.isFinite(value) ? value + 0 : NaN);

/**
 * Reads a trimmed decimal number: an optional sign, digits with at most one point, an optional exponent; finite. The minus
 * sign of typesetters and full-width digits are read as well.
 *
 * @returns NaN for any other text ("1,234", "12abc", "0x10", "Infinity", "1e999", "").
 */
export function parseDecimal(text: string): number {
  if (text.length > maxCharacters) return NaN;
  if (decimal.test(text)) return finite(Number(text));
  const plain = plainCharacters(text);
  return plain !== text && decimal.test(plain) ? finite(Number(plain)) : NaN;
}

/** Reads a trimmed text in the column's number format; NaN otherwise. */
export function numberReader({ numberFormat }: Pick<NumberColumn, "numberFormat">): (text: string) => number {
  if (numberFormat === undefined) return parseDecimal;
  const formatted = formattedNumberReader(numberFormat);
  return (text) => (text.length > maxCharacters ? NaN : formatted(text));
}

/** Explains why a text is not a number, and how to write it instead. */
function numberProblem(text: string): string {
  if (text.length > maxCharacters) return "is too long for a number";
  if (/^[+-]?\d{1,3}(?:[,' _\u00a0\u202f]\d{3})+(?:\.\d+)?$/.test(text)) {
    const plain = text.replace(/[,' _\u00a0\u202f]/g, "");
    return `is not a number; remove the thousands separator (${plain})`;
  }
  if (/^[+-]?\d+,\d+$/.test(text)) return "is not a number; write a decimal point instead of the comma";
  if (/^[+-]?\d+(?:\.\d+)?\s*%$/.test(text)) return "is not a number; remove the percent sign";
  if (/^[$€£¥]|[$€£¥]$/.test(text)) return "is not a number; remove the currency sign";
  if (decimal.test(text)) return "is too large for a number";
  if (/^0[xob]/i.test(text)) return "is not a decimal number";
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return "is not a finite number";
  if (/^[A-Za-z#?.\-/ ]+$/.test(text)) {
    return "is not a number; if it means missing, add it to the column's missing markers";
  }
  return "is not a number";
}

/** Checks a finite number against a column's declared limits: the number itself, or the issue. */
function checkNumber(column: NumberColumn, value: number, shown: unknown): number | CellIssue {
  const { name, min, max, exclusiveMin, exclusiveMax, multipleOf } = column;
  if (column.role === "id" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return cellIssue(
      name,
      "integer",
      shown,
      "is above 2^53, where numbers are rounded to their neighbors; let the contract hold this id as a text",
    );
  }
  if (column.integer && !Number.isSafeInteger(value)) {
    const problem = Number.isInteger(value) ? "is too large for an exact whole number" : "is not a whole number";
    return cellIssue(name, "integer", shown, problem);
  }
  if (min !== undefined && value < min) return cellIssue(name, "range", shown, `is below the minimum ${min}`);
  if (max !== undefined && value > max) return cellIssue(name, "range", shown, `is above the maximum ${max}`);
  if (exclusiveMin !== undefined && value <= exclusiveMin) {
    return cellIssue(name, "range", shown, `must be greater than ${exclusiveMin}`);
  }
  if (exclusiveMax !== undefined && value >= exclusiveMax) {
    return cellIssue(name, "range", shown, `must be less than ${exclusiveMax}`);
  }
  if (multipleOf !== undefined) {
    // Decimal steps such as 0.01 have no exact double, so a quotient within rounding of a whole number counts.
    const quotient = value / multipleOf;
    const nearest = Math.round(quotient);
    if (Math.abs(quotient - nearest) > 4 * Number.EPSILON * Math.abs(nearest)) {
      return cellIssue(name, "multipleOf", shown, `is not a multiple of ${multipleOf}`);
    }
  }
  return value;
}

/** Reads the text of a number column; the text is trimmed and not a marker. */
export function numberFromText(column: NumberColumn): (text: string) => number | CellIssue {
  const read = numberReader(column);
  const { numberFormat } = column;
  const otherwise = numberFormat && `does not match the column's number format: ${describeNumberFormat(numberFormat)}`;
  return (text) => {
    const value = read(text);
    if (Number.isNaN(value)) return cellIssue(column.name, "number", text, otherwise ?? numberProblem(text));
    return checkNumber(column, value, text);
  };
}

/** Reads a JSON number (or safe bigint) of a number column; NaN means missing if the column accepts it. */
export function numberFromJson(column: NumberColumn): (value: unknown) => number | CellIssue {
  return (value) => {
    const { name } = column;
    if (typeof value === "bigint") {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) return cellIssue(name, "number", value, "is too large for an exact number");
      return checkNumber(column, number, value);
    }
    if (typeof value !== "number") return cellIssue(name, "type", value, "is not a number");
    if (Number.isNaN(value) && column.nan === true) return NaN;
    if (!Number.isFinite(value))
      return cellIssue(name, "number", value, "is not a finite number; send null for missing");
    return checkNumber(column, value + 0, value);
  };
}
