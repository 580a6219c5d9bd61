import type { Learner } from "../../kinds/learner.js";
import { logistic } from "../../kinds/linear/learner.js";
import { churnNetwork, type ChurnNetworkOptions } from "../../kinds/network/learner.js";
import { boosting } from "../../kinds/trees/boosting-learner.js";
import { forest } from "../../kinds/trees/forest-learner.js";

/** Size of a training. */
export interface Size {
  readonly rows: number;
  readonly width: number;
}

/** A learner that `auto` tries. */
export interface Candidate {
  readonly name: string;
  /** It trains on threads of its own, if there are some. */
  readonly threaded?: boolean;
  /** The learner for a training of this size. */
  readonly learner: (size: Size) => Learner;
}

/** From this many rows on, larger trees pay off, and more members hardly. */
const manyRows = 20_000;
const slow = { members: 10, learningRate: 0.03, patience: 50 } as const;
const slower = { members: 20, learningRate: 0.02, patience: 50 } as const;

/** With adapters: the network of the lowest held-out loss on the customers of Telco and of the bank. */
const adapted = {
  members: 5,
  units: [64, 64],
  dropout: [0.2],
  l2: 0,
  batchNorm: false,
  learningRate: 0.003,
} as const satisfies ChurnNetworkOptions;

/**
 * The candidates in their order: strong and quick ones first, one of each kind, then others that err differently.
 *
 * @param network options of every network among them.
 */
export function presets(network: ChurnNetworkOptions): readonly Candidate[] {
  const sized = (rows: number, few: number, many: number): number => (rows < manyRows ? few : many);
  // An engine of the caller's trains on the caller's thread.
  const threaded = network.engine === undefined;
  const withAdapters: Candidate = {
    name: "network-adapters",
    threaded,
    learner: ({ rows }) => churnNetwork({ ...adapted, adapters: sized(rows, 8, 4), ...network }),
  };
  return [
    { name: "logistic", learner: () => logistic() },
    { name: "boosting", learner: () => boosting() },
    { name: "network", threaded, learner: () => churnNetwork(network) },
    { name: "forest", learner: () => forest() },
    { name: "boosting-slow", learner: () => boosting(slow) },
    {
      name: "boosting-sharp",
      learner: ({ rows }) =>
        boosting({
          ...(rows < manyRows ? slower : slow),
          leaves: sized(rows, 8, 15),
          featureShare: 0.8,
          l2: 0.1,
          minChildWeight: 0.3,
        }),
    },
    {
      name: "boosting-small",
      learner: ({ rows }) =>
        boosting(
          rows < manyRows
            ? { ...slow, leaves: 4, featureShare: 0.4, rowShare: 0.6, l2: 10, minChildWeight: 5 }
            : { members: 10, learningRate: 0.05, leaves: 10, featureShare: 0.6 },
        ),
    },
    // Another engine may not know adapters.
    ...(threaded ? [withAdapters] : []),
    { name: "network-small", threaded, learner: () => churnNetwork({ units: [64, 32], dropout: [0.2], ...network }) },
    {
      name: "forest-smooth",
      learner: ({ rows, width }) =>
        forest({ minLeafRows: Math.max(30, Math.floor(rows / 1000)), featuresPerNode: Math.ceil(width / 4) }),
    },
    {
      name: "network-cosine",
      threaded,
      learner: () => churnNetwork({ schedule: "cosine", epochs: 20, patience: 20, ...network }),
    },
  ];
}
