/** Shares of versions in the traffic of an endpoint, together 1. A version that is left out has none. */
export type Shares = Readonly<Record<string, number>>;

/**
 * The port to the traffic between two versions, made for both: the stable one and the candidate. Every method can be called
 * again after it failed or was cut off, and changes nothing where all is as asked.
 */
export interface Traffic {
  /** The shares as they are now, whoever set them. */
  read(): Promise<Shares>;
  /**
   * Gives the candidate this share, from 0 to 1, and the stable version the rest. It resolves when that is in effect.
   *
   * @throws when a version that would get traffic is not up; the shares are then the former or the new ones. An error `DEPLOY_FAILED`
   * is final. If its `where.value.alarms` names alarms, they sent the candidate back, as a failed guard does.
   */
  set(candidate: number): Promise<void>;
  /** Sends the candidate a copy of every request and throws its answers away. A driver without it cannot run a shadow. */
  mirror?(): Promise<void>;
  /** Gives one version everything, whatever the shares are, and lets the other go. */
  end(winner: "candidate" | "stable"): Promise<void>;
}

/** What is known of a version over a window of time. What is left out is unknown. */
export interface VersionReadings {
  /** Requests that it answered, also with an error. */
  readonly requests: number;
  /** Of these, those that failed by the server's fault (5xx). */
  readonly errors: number;
  /** Milliseconds. */
  readonly latency?: { readonly average: number; readonly p99: number } | undefined;
  /** How many probabilities fell into each of some bins of equal width from 0 to 1; the same bins for every version. */
  readonly scores?: readonly number[] | undefined;
  /** PSI of its scores against those of the stable version, where the driver measures that itself. */
  readonly scorePsi?: number | undefined;
  /** Predictions with a mature label. */
  readonly labeled?: LabeledReadings | undefined;
}

/** What mature labels say about a version. */
export interface LabeledReadings {
  readonly count: number;
  /** Customers with the outcome that an A/B test compares; each customer counts once. */
  readonly successes?: number | undefined;
  /** Average profit of a prediction. */
  readonly profit?: number | undefined;
  /** Metrics by name, such as `f1`. */
  readonly metrics?: Readonly<Record<string, number>> | undefined;
}

/** The port to what is measured of each version. */
export interface Readings {
  /** Readings by version, of requests from `since` until `until`, in milliseconds since 1970. */
  read(since: number, until: number): Promise<Readonly<Record<string, VersionReadings>>>;
}
