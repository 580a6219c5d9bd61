import { ChurnkitError } from "../../base/errors.js";

/** Time limit of a training. */
export interface BudgetOptions {
  /** Seconds from the call of `train`, above 0. */
  readonly seconds?: number | undefined;
  /** Ends the training when it is aborted, with the best model so far (`signal` ends it with an error). */
  readonly stop?: AbortSignal | undefined;
}

/** Remaining time of a training. When it is spent, a learner returns its best model so far. */
export interface Budget {
  /** Whether it is used up. This reads the clock too, so code that never yields to the event loop may ask. */
  readonly spent: boolean;
  /** Seconds left; Infinity without a limit. */
  readonly left: number;
  /** Aborted when the budget is spent, for code that waits. */
  readonly signal: AbortSignal;
  /** Its cause in words: "the budget of 600 s", "the request to stop". */
  readonly name: string;
}

/** A cap that ended a training early, or made it smaller. Plain JSON. */
export interface Cap {
  readonly cap: "budget" | "epochs" | "rounds" | "members" | "rows";
  /** Description of the cap, and how to lift it. */
  readonly message: string;
}

/** Longest timer of any runtime. */
const mostSeconds = 2_147_483;

/**
 * Starts the clock.
 *
 * @throws ChurnkitError OPTION_INVALID for seconds that are not above 0.
 */
export function openBudget({ seconds, stop }: BudgetOptions): Budget {
  if (seconds !== undefined && !(seconds > 0 && seconds <= mostSeconds)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The budget is ${seconds} seconds. Give a number above 0 and up to ${mostSeconds}.`,
      { where: { path: "budget" } },
    );
  }
  const end = seconds === undefined ? Infinity : performance.now() + 1000 * seconds;
  const signals = [
    ...(stop ? [stop] : []),
    ...(seconds === undefined ? [] : [AbortSignal.timeout(Math.ceil(1000 * seconds))]),
  ];
  const left = (): number => (stop?.aborted ? 0 : Math.max(0, (end - performance.now()) / 1000));
  return {
    signal: AbortSignal.any(signals),
    get left() {
      return left();
    },
    get spent() {
      return left() === 0;
    },
    get name() {
      return stop?.aborted || seconds === undefined ? "the request to stop" : `the budget of ${seconds} s`;
    },
  };
}

/** A budget of this share of what is left of another, which ends with that at the latest. */
export function partOf(whole: Budget, share: number): Budget {
  if (whole.left === Infinity) return whole;
  const own = openBudget({ seconds: Math.max(share * whole.left, 0.001), stop: whole.signal });
  return {
    signal: own.signal,
    get left() {
      return whole.spent ? 0 : own.left;
    },
    get spent() {
      return whole.spent || own.spent;
    },
    get name() {
      return whole.name;
    },
  };
}
