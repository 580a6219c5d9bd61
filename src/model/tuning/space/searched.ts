import { ChurnkitError } from "../../../base/errors.js";
import type { Learner } from "../../kinds/learner.js";
import { learnerNamed, type LearnerName, type OptionsOf } from "../../training/learners.js";
import { gridOf, valueAt, type OptionValue } from "./axis.js";
import { defaultSpace } from "./default-spaces.js";
import { withLists } from "./options.js";
import type { SearchSpace } from "./search-space.js";

/** A learner whose options are searched. */
export type SearchedLearner = { readonly [Name in LearnerName]: SearchedAs<Name> }[LearnerName];

interface SearchedAs<Name extends LearnerName> {
  readonly learner: Name;
  /** The options to vary. Default: a space of the learner's own; `{}` varies nothing. */
  readonly space?: SearchSpace<Name> | undefined;
  /** Options that stay as they are. */
  readonly options?: OptionsOf<Name> | undefined;
}

/** A searched learner, complete and checked. */
export interface Searched {
  readonly learner: string;
  readonly space: SearchSpace;
  /** Those that stay. */
  readonly options: object;
  /** All options at a point of the space. */
  optionsAt(values: Readonly<Record<string, OptionValue>>): Record<string, unknown>;
}

/**
 * Completes and checks what is searched: both ends of every range and every choice must be values that the learner takes.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function searchedOf({
  learner,
  options = {},
  space = defaultSpace(learner),
}: {
  readonly learner: string;
  readonly options?: object | undefined;
  readonly space?: SearchSpace | undefined;
}): Searched {
  const known = (learner === "auto" ? learnerNamed("network") : learnerNamed(learner)).parameters;
  const both = Object.keys(space).find((name) => Object.hasOwn(options, name));
  if (both !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The search of ${learner} varies ${both}, and its options fix it. Remove one.`,
      {
        where: { path: both },
      },
    );
  const optionsAt = (values: Readonly<Record<string, OptionValue>>) => withLists(known, { ...options, ...values });
  const check = (values: Readonly<Record<string, OptionValue>>): Learner => learnerNamed(learner, optionsAt(values));
  const some = Object.fromEntries(Object.entries(space).map(([name, range]) => [name, valueAt(range, 0)]));
  check(some);
  for (const [name, range] of Object.entries(space))
    for (const value of gridOf({ ...range, ...(range.kind !== "choice" && { steps: 2 }) }))
      check({ ...some, [name]: value });
  return { learner, space, options, optionsAt };
}
