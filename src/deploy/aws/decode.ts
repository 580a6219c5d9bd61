import { documentError, JsonValue, type Decoder } from "../../base/json/index.js";

/** Reads a description, which may come from JSON; `what` begins the message of an error, `root` its path. */
export const decodeWith = <T>(
  decoder: Decoder<T>,
  description: unknown,
  what: string,
  root: string,
  page = "docs/aws-jobs.md",
): T => decoder(JsonValue.of(description, what, documentError("OPTION_INVALID", "", `See ${page}.`), root));

/** A decoder with rules between members; a rule gives the message of a broken one, at a member. */
export const withRules =
  <T>(decoder: Decoder<T>, ...rules: readonly ((value: T) => Broken | undefined)[]): Decoder<T> =>
  (json) => {
    const value = decoder(json);
    for (const rule of rules) {
      const broken = rule(value);
      if (broken !== undefined) throw (broken.at === "" ? json : json.get(broken.at)).refused(broken.rule);
    }
    return value;
  };

/** A broken rule; `rule` continues the sentence after the member's path. */
export interface Broken {
  /** A member, or empty for the whole. */
  readonly at: string;
  readonly rule: string;
}

/** A broken rule if the condition holds. */
export const broken = (if_: boolean, at: string, rule: string): Broken | undefined => (if_ ? { at, rule } : undefined);
