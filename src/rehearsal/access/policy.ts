import { readCondition, type Condition, type RequestContext } from "./conditions.js";
import { arnLike, like } from "./match.js";

type OneOrMore = string | readonly string[];

interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Condition?: Condition;
}

/** A policy of IAM as JSON, such as `policyFor` makes. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

/** An action that a request asks for, and the resource that it is on. */
export interface Act {
  /** `sagemaker:CreateModel`. */
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resources. */
  readonly resource: string;
  readonly context: RequestContext;
}

/** A policy that can be asked what it says of an act; nothing if none of its statements is about that. */
export type Policy = (act: Act) => "Allow" | "Deny" | undefined;

/**
 * Reads a policy.
 *
 * @returns what is wrong with it, if anything is.
 */
export function readPolicy(document: unknown): Policy | string {
  if (typeof document !== "object" || document === null || !("Statement" in document)) return "it has no Statement";
  const statements = [(document as PolicyDocument).Statement].flat() as readonly PolicyStatement[];
  const read = statements.map(readStatement);
  const wrong = read.findIndex((each) => typeof each === "string");
  if (wrong >= 0) return `in statement ${statements[wrong]?.Sid ?? wrong + 1}, ${read[wrong] as string}`;
  return (act) => {
    const effects = (read as Policy[]).map((statement) => statement(act));
    return effects.includes("Deny") ? "Deny" : effects.find((effect) => effect === "Allow");
  };
}

/** The actions that a policy allows, as it writes them. */
export function actionsIn({ Statement }: PolicyDocument): string[] {
  const statements = [Statement].flat().filter(({ Effect }) => Effect === "Allow");
  return statements.flatMap(({ Action = [] }) => [Action].flat());
}

const known = new Set(["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]);

function readStatement(statement: PolicyStatement): Policy | string {
  const { Effect, Condition = {} } = statement;
  const unknown = Object.keys(statement).find((name) => !known.has(name));
  if (unknown !== undefined) return `${unknown} is not read by the rehearsal`;
  if (!["Allow", "Deny"].includes(Effect)) return "Effect must be Allow or Deny";
  const isAction = fitting(statement.Action, statement.NotAction, (glob) => like(glob, "i"));
  const isResource = fitting(statement.Resource, statement.NotResource, arnLike);
  if (isAction === undefined) return "one of Action and NotAction is needed";
  if (isResource === undefined) return "one of Resource and NotResource is needed";
  const condition = readCondition(Condition);
  if (typeof condition === "string") return condition;
  return ({ action, resource, context }) =>
    isAction(action) && isResource(resource) && condition.holds(context) ? Effect : undefined;
}

/** Whether a text is among some patterns, or not among some others; nothing unless exactly one of them is given. */
function fitting(
  among: OneOrMore | undefined,
  except: OneOrMore | undefined,
  pattern: (glob: string) => (text: string) => boolean,
): ((text: string) => boolean) | undefined {
  if ((among === undefined) === (except === undefined)) return undefined;
  const patterns = [among ?? except ?? []].flat().map(pattern);
  return (text) => patterns.some((fits) => fits(text)) === (among !== undefined);
}
