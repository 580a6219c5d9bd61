import { sizedSettings } from "../../kinds/network/auto-settings.js";
import { churnNetworkDefaults } from "../../kinds/network/learner.js";
import { boostingDefaults } from "../../kinds/trees/boosting-learner.js";
import { forestDefaults } from "../../kinds/trees/forest-learner.js";

/** A learner's options for a part of its full training, and the share of rows where the learner has no steps to save. */
export interface SharedOptions {
  readonly options: Readonly<Record<string, unknown>>;
  readonly rowShare: number;
}

const fewestTrees = 3;

/**
 * Shortens a training: a network gets a share of its epochs, boosting of its rounds, a forest of its trees, another
 * learner of the rows.
 *
 * @param rows training rows, on which the epochs of `auto` depend.
 */
export function withShare(
  learner: string,
  options: Readonly<Record<string, unknown>>,
  share: number,
  rows: number,
): SharedOptions {
  if (share === 1) return { options, rowShare: 1 };
  const some = (all: unknown, least = 1): number => Math.max(least, Math.ceil(Number(all) * share - 1e-9));
  if (learner === "network") {
    const { epochs, schedule, patience } = sizedSettings({ ...churnNetworkDefaults, ...options }, rows);
    return { options: { ...options, epochs: some(epochs), schedule, patience }, rowShare: 1 };
  }
  if (learner === "boosting") {
    const { rounds } = { ...boostingDefaults, ...options };
    return { options: { ...options, rounds: some(rounds) }, rowShare: 1 };
  }
  if (learner === "forest") {
    const { trees } = { ...forestDefaults, ...options };
    return { options: { ...options, trees: Math.min(Number(trees), some(trees, fewestTrees)) }, rowShare: 1 };
  }
  return { options, rowShare: share };
}
