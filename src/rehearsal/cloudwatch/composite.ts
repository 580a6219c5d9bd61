import type { AlarmState } from "./alarm.js";
import { invalid } from "../front/aws-error.js";

const tokenPattern =
  /\s*(AND|OR|NOT|TRUE|FALSE|\(|\)|(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]*)"|([^\s"()]+))\s*\))/y;

/**
 * Evaluates the rule of a composite alarm: `ALARM("a") AND (OK(b) OR NOT INSUFFICIENT_DATA(c))`.
 *
 * @param stateOf state of an alarm by its name or ARN.
 * @throws AwsError ValidationException for what is not a rule.
 */
export function evaluateRule(rule: string, stateOf: (alarm: string) => AlarmState): boolean {
  const tokens = tokensOf(rule);
  let next = 0;
  const value = either();
  if (next < tokens.length) throw refused(rule);
  return value;

  function either(): boolean {
    let left = both();
    while (tokens[next]?.[1] === "OR") {
      next++;
      const right = both();
      left ||= right;
    }
    return left;
  }

  function both(): boolean {
    let left = single();
    while (tokens[next]?.[1] === "AND") {
      next++;
      const right = single();
      left &&= right;
    }
    return left;
  }

  function single(): boolean {
    const [, token, state, quoted, bare] = tokens[next++] ?? [];
    if (token === "NOT") return !single();
    if (token === "TRUE" || token === "FALSE") return token === "TRUE";
    if (state !== undefined) return stateOf(quoted ?? bare ?? "") === state;
    if (token !== "(") throw refused(rule);
    const inner = either();
    if (tokens[next++]?.[1] !== ")") throw refused(rule);
    return inner;
  }
}

const refused = (rule: string): Error => invalid(`${JSON.stringify(rule)} is not a rule of a composite alarm.`);

function tokensOf(rule: string): RegExpExecArray[] {
  const tokens: RegExpExecArray[] = [];
  const end = rule.trimEnd().length;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < end) {
    const token = tokenPattern.exec(rule);
    if (token === null) throw refused(rule);
    tokens.push(token);
  }
  return tokens;
}
