/** How a version comes on duty. All times are in milliseconds, all shares from 0 to 1. */
export interface RolloutPlan {
  readonly strategy: RolloutStrategy;
  /** What ends the rollout with the stable version and quarantines the candidate. */
  readonly guards?: readonly RolloutGuard[];
  /** Requests of a step before a guard judges it, and before the step can end. Default 100. */
  readonly minRequests?: number;
  /** Shares before whose step somebody must approve. */
  readonly approval?: readonly number[];
  /** A step that still has insufficient readings after this time, or an approval without an answer, ends the rollout. Default: a day. */
  readonly longestStep?: number;
  /** A rollout that is under way for longer ends with the stable version. Default: the longest times of its steps. */
  readonly longest?: number;
}

/** Steps to full traffic, or a trial beside the stable version. */
export type RolloutStrategy =
  /** The candidate's shares, which end with 1; each stays for `bake` at least. */
  | { readonly kind: "canary"; readonly steps: readonly number[]; readonly bake: number }
  /** Equal steps of `by`. */
  | { readonly kind: "linear"; readonly by: number; readonly bake: number }
  | { readonly kind: "allAtOnce"; readonly bake: number }
  /**
   * One share until an interval that is valid at every look tells which version has the better outcomes. A winning candidate
   * then gets everything and bakes; without a winner by `longest` the stable version stays.
   */
  | {
      readonly kind: "ab";
      readonly share: number;
      readonly longest: number;
      /** Which rate of outcomes wins? Default "higher"; "lower" where the outcome is churn. */
      readonly better?: "higher" | "lower";
      /** Default 0.95. */
      readonly confidence?: number;
      readonly bake: number;
    }
  /** Copies of the requests for this time; the stable version answers, during and after. */
  | { readonly kind: "shadow"; readonly for: number };

/** One way for a candidate to fail, over the time since its step began. */
export type RolloutGuard =
  /** Share of requests that failed by the server's fault. */
  | { readonly kind: "errorRate"; readonly above: number }
  /** Milliseconds, and the ratio to the stable version. */
  | {
      readonly kind: "latency";
      readonly statistic: "average" | "p99";
      readonly above?: number;
      readonly ratioAbove?: number;
    }
  /** PSI of its scores against the stable version's. */
  | { readonly kind: "scoreDrift"; readonly above: number }
  /** Average profit of a prediction, judged from `labels` mature labels on. `wait`: the step waits for them. */
  | { readonly kind: "profit"; readonly below: number; readonly labels: number; readonly wait?: boolean }
  /** A metric of mature labels, such as `f1`. */
  | {
      readonly kind: "metric";
      readonly metric: string;
      readonly below: number;
      readonly labels: number;
      readonly wait?: boolean;
    };
