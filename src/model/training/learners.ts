import { ChurnkitError } from "../../base/errors.js";
import { auto } from "./auto-learner.js";
import { boosting } from "../kinds/trees/boosting-learner.js";
import { forest } from "../kinds/trees/forest-learner.js";
import type { Learner } from "../kinds/learner.js";
import { logistic } from "../kinds/linear/learner.js";
import { churnNetwork, type ChurnNetworkOptions } from "../kinds/network/learner.js";

/** The learners that a name on the command line can mean. */
const learners = {
  network: (options: ChurnNetworkOptions) => churnNetwork(options),
  logistic: () => logistic(),
  forest: () => forest(),
  boosting: () => boosting(),
  auto: (options: ChurnNetworkOptions) => auto({ learners: [logistic(), boosting(), forest(), churnNetwork(options)] }),
} as const;

/** Names of the learners, as the command line takes them. */
export const learnerNames = Object.keys(learners) as readonly (keyof typeof learners)[];

/**
 * The learner of that name, with its defaults.
 *
 * @throws ChurnkitError OPTION_INVALID for a name that is not known.
 */
export function learnerNamed(name: string, networkOptions: ChurnNetworkOptions = {}): Learner {
  const known = learnerNames.find((one) => one === name);
  if (!known)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `Unknown learner ${JSON.stringify(name)}. Use one of ${learnerNames.join(", ")}.`,
    );
  return learners[known](networkOptions);
}
