import { booster, type BoostRows, type BoostRules } from "./boost.js";
import type { BundledMatrix } from "./bundle.js";
import { TreeGrower } from "./grow.js";
import { loadTreeKernel } from "./kernel.js";
import type { Tree } from "./tree.js";

/** Members of a boosted model that grow side by side on one thread: plain data, for threads to be sent. */
export interface BoostJob {
  readonly matrix: BundledMatrix;
  readonly labels: Uint8Array;
  readonly members: readonly (BoostRows & { readonly seed: number })[];
  readonly rules: BoostRules;
}

/** A member as it was after some round. */
export interface BoostedMember {
  readonly bias: number;
  readonly trees: readonly Tree[];
}

/** The members of one job while they grow. */
export interface BoostSession {
  /** Adds so many trees to each member; gives for each round and member the log-odds of the rows held out. */
  advance(rounds: number): Float64Array[][];
  members(): BoostedMember[];
}

export async function openBoostSession({ matrix, labels, members, rules }: BoostJob): Promise<BoostSession> {
  const grower = new TreeGrower(await loadTreeKernel(), matrix);
  const boosters = members.map(({ seed, ...rows }) => booster(grower, labels, rows, rules, seed));
  return {
    advance: (rounds) =>
      Array.from({ length: rounds }, () =>
        boosters.map((one) => {
          one.step();
          return one.heldOutMargins();
        }),
      ),
    members: () => boosters.map(({ bias, trees }) => ({ bias, trees })),
  };
}
