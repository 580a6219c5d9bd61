import { type AwsTarget, nameOf } from "../target.js";
import type { DefinedStep } from "../pipeline/step.js";
import type { Catcher } from "./definition.js";
import { ends } from "./ends.js";
import { executionId, type Expressions } from "./expressions.js";

/** What the states of a machine have in common. */
export interface Surroundings {
  readonly expressions: Expressions;
  /** The ARN of an integration. */
  readonly arn: (resource: string) => string;
  /** A call that gives the name of what a step makes. */
  readonly nameOf: (step: DefinedStep) => string;
  readonly catches: readonly Catcher[];
  /** The state after a failure, which is in `$.Failure`. */
  readonly failed: string;
}

/** Every error of a task becomes the failure of the execution. */
export const catches: readonly Catcher[] = [
  { ErrorEquals: ["States.ALL"], ResultPath: "$.Failure", Next: ends.failed },
];

/** Longest name before an id and its hyphen. */
const room = 30;

/**
 * A call that gives a name, or a token, which belongs to one step of one execution. So a call that is repeated after a lost answer makes
 * nothing twice.
 */
export function uniqueName(target: AwsTarget, { Name, Type }: DefinedStep): string {
  const whole = `${nameOf(target)}-${Name}`.replace(/[^A-Za-z0-9]+/g, "-");
  // A tuning job's name has at most 32 characters, a token 36.
  const most = Type === "Tuning" || Type === "RegisterModel" ? 0 : room;
  const id = whole.length <= most ? executionId : `States.Hash(States.Format('{}-${Name}', ${executionId}), 'MD5')`;
  const prefix = whole.slice(0, most).replace(/-+$/, "");
  return prefix === "" ? id : `States.Format('${prefix}-{}', ${id})`;
}
