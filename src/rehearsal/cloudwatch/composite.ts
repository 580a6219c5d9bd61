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

/**
 * Refuses the rule of a composite alarm that depends on itself. CloudWatch takes one, but then neither evaluates nor deletes it.
 *
 * @param ruleOf rule of another composite alarm by its name.
 * @throws AwsError ValidationException naming the circle.
 */
export function refuseCircle(name: string, rule: string, ruleOf: (alarm: string) => string | undefined): void {
  const cleared = new Set<string>();
  const visit = (own: string, path: readonly string[]): void => {
    for (const other of new Set(alarmsIn(own))) {
      if (other === name)
        throw invalid(
          `The composite alarm ${[...path, other].join(" -> ")} depends on itself: CloudWatch would never evaluate it.`,
        );
      if (cleared.has(other)) continue;
      cleared.add(other);
      visit(ruleOf(other) ?? "TRUE", [...path, other]);
    }
  };
  visit(rule, [name]);
}

/** The name in a rule's reference to an alarm, which may be an ARN. */
export const alarmName = (reference: string): string => reference.replace(/^arn:.*:alarm:/, "");

/** The names of the alarms that a rule asks for. */
function alarmsIn(rule: string): string[] {
  const names: string[] = [];
  evaluateRule(rule, (alarm) => {
    names.push(alarmName(alarm));
    return "OK";
  });
  return names;
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
