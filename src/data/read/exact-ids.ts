import { parseJson } from "../../base/json/index.js";
import type { Contract } from "../contract/contract.js";
import { spellingsOf } from "../contract/spellings.js";

const hexDigit = (digit: string): string => (/[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit);

/**
 * Returns the pattern of a key in JSON: a character may appear literally or by its number (`\u00fc`), as Python
 * writes it.
 */
function keyPattern(name: string): string {
  return Array.from({ length: name.length }, (_, i) => {
    const unit = name.charAt(i);
    const plain = JSON.stringify(unit)
      .slice(1, -1)
      .replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    const digits = unit.charCodeAt(0).toString(16).padStart(4, "0");
    return `(?:${plain}|\\\\u${[...digits].map(hexDigit).join("")})`;
  }).join("");
}

/**
 * Makes a {@link parseJson} that keeps the ids of a contract as they are spelled. A number under an id's key becomes
 * its literal text, so that whole numbers above 2^53 stay distinct and `1000.0` or `2E1` are unchanged. Everything
 * else is as from `parseJson`.
 *
 * An id column that the contract declares as a number is unchanged.
 */
export function exactIdParser({ columns }: Pick<Contract, "columns">): (text: string) => unknown {
  const names = columns
    .filter(({ role, kind }) => role === "id" && (kind === "category" || kind === "text"))
    .map(({ name }) => name);
  return exactParser([...spellingsOf(names).columns.keys()]);
}

/** The same for numbers under any of these keys. */
export function exactParser(keys: readonly string[]): (text: string) => unknown {
  if (keys.length === 0) return parseJson;
  const key = `(?<!\\\\)"(?:${keys.map(keyPattern).join("|")})"`;
  // A quote around a key has no backslash before it, and one inside a text always does. Only valid numbers are
  // quoted, so a text that is not JSON stays invalid.
  const number = new RegExp(`(${key}\\s*:\\s*)(-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)(?=\\s*[,}])`, "g");
  return (text) => parseJson(text.replace(number, '$1"$2"'));
}
