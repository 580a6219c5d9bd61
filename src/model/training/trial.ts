/** A trial before it is done. */
export interface TrialPlan {
  readonly number: number;
  readonly learner: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Share of the epochs, rounds or trees that it gets: 1 except for `asha`. */
  readonly share: number;
}

/** What a trial ended with. */
export interface Outcome {
  /** Mean of the metric over the folds; null if it failed. */
  readonly value: number | null;
  /** By fold. */
  readonly values: readonly number[];
  /** Why it failed. */
  readonly failed?: string | undefined;
}

/** One trial of a search: options of a learner, and how good they were. */
export interface Trial extends TrialPlan, Outcome {}
