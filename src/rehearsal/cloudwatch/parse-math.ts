import { invalid } from "../front/aws-error.js";

/** An expression of metric math. */
export type MathNode =
  | { readonly type: "number"; readonly value: number }
  /** An id of a metric. */
  | { readonly type: "id"; readonly id: string }
  /** A word that a function takes, such as REPEAT. */
  | { readonly type: "word"; readonly word: string }
  | { readonly type: "binary"; readonly operator: string; readonly left: MathNode; readonly right: MathNode }
  | { readonly type: "call"; readonly name: string; readonly arguments: readonly MathNode[] }
  | { readonly type: "list"; readonly items: readonly MathNode[] };

const tokenPattern = /\s*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|&&|\|\||[=!<>]=|[-+*/^<>(),[\]])/y;
/** Binary operators, those that bind most weakly first. */
const levels = [["OR", "||"], ["AND", "&&"], ["==", "!=", "<", ">", "<=", ">="], ["+", "-"], ["*", "/"], ["^"]];
const comparison = 2;
const power = levels.length - 1;
const words = new Set(["REPEAT", "LINEAR"]);

/**
 * Parses metric math.
 *
 * @throws AwsError ValidationException for what is not an expression.
 */
export function parseMath(text: string): MathNode {
  const tokens = tokensOf(text);
  let next = 0;
  const node = binary(0);
  if (next < tokens.length) throw refused(`goes on with ${tokens[next]}`);
  return node;

  function refused(what: string): Error {
    return invalid(`The metric math ${JSON.stringify(text)} ${what}.`);
  }

  function binary(level: number): MathNode {
    const known = levels[level];
    if (known === undefined) return unary();
    let left = binary(level + 1);
    for (let operator = tokens[next]; operator !== undefined && known.includes(operator); operator = tokens[next]) {
      next++;
      left = { type: "binary", operator, left, right: binary(level + 1) };
    }
    return left;
  }

  function unary(): MathNode {
    const token = tokens[next++];
    if (token === undefined) throw refused("ends too early");
    const zero: MathNode = { type: "number", value: 0 };
    if (token === "-") return { type: "binary", operator: "-", left: zero, right: binary(power) };
    if (token === "NOT") return { type: "binary", operator: "==", left: zero, right: binary(comparison) };
    if (token === "[") return { type: "list", items: listUntil("]") };
    if (/^\d/.test(token)) return { type: "number", value: Number(token) };
    if (words.has(token)) return { type: "word", word: token };
    if (token === "(") {
      const inner = binary(0);
      expect(")");
      return inner;
    }
    if (!/^\w/.test(token)) throw refused(`has ${token} in the wrong place`);
    if (tokens[next] !== "(") return { type: "id", id: token };
    next++;
    return { type: "call", name: token, arguments: listUntil(")") };
  }

  function listUntil(end: string): MathNode[] {
    const items: MathNode[] = [];
    while (tokens[next] !== end) {
      if (items.length > 0) expect(",");
      items.push(binary(0));
    }
    expect(end);
    return items;
  }

  function expect(token: string): void {
    if (tokens[next++] !== token) throw refused(`lacks ${token}`);
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < end) {
    const from = tokenPattern.lastIndex;
    const token = tokenPattern.exec(text)?.[1];
    if (token === undefined) throw invalid(`The metric math ${JSON.stringify(text)} is not readable at ${from}.`);
    tokens.push(token);
  }
  return tokens;
}
