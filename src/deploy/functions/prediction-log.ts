import { number, object, optional, text, where } from "../../base/json/index.js";
import { type Contract, parseContract } from "../../data/contract/index.js";
import { updatePredictionLog } from "../../monitor/index.js";
import { decodeWith } from "../aws/decode.js";
import { decodeEvent } from "./events.js";
import { type FunctionOptions, surroundingsOf } from "./surroundings.js";

type LogOptions = Parameters<typeof updatePredictionLog>[0];

/** Settings of {@link predictionLogFunction}; folders are those in the target's folder. */
export interface PredictionLogFunctionOptions
  extends FunctionOptions, Pick<LogOptions, "window" | "delay" | "absent" | "to" | "outputForm"> {
  readonly contract: Contract;
  /** Default `captured/`. */
  readonly captured?: string | undefined;
  /** Default `labels/`. */
  readonly labels?: string | undefined;
  /** How many days back a call looks, besides the window and the delay. Default 7. */
  readonly days?: number | undefined;
}

/** Answer of a call. */
export interface PredictionLogResult {
  /** The days whose files changed. */
  readonly written: readonly string[];
  readonly rows: number;
  /** Lines of captures and labels that could not be read. */
  readonly issues: number;
}

const day = where(text(10), (value) => /^\d{4}-\d{2}-\d{2}$/.test(value), "a day such as 2026-02-01");
const eventOf = object({ first: optional(day), last: optional(day) });
const dayMs = 86_400_000;
/** A century. */
const longestDays = 36_525;

/**
 * A function that keeps the prediction log up to date, for a schedule: each call writes the days whose
 * captures or outcomes have changed. `{ "first": "2026-01-01", "last": "2026-01-31" }` asks for days that are further back.
 *
 * @throws ChurnkitError OPTION_INVALID. From the function: REQUEST_INVALID, STORE_FAILED, PEER_MISSING without hyparquet-writer.
 * @example
 * ```ts no-run
 * import { syntheticContract } from "churnkit/data";
 * import { predictionLogFunction } from "churnkit/deploy/functions";
 * import { days } from "churnkit/monitor";
 *
 * export const handler = predictionLogFunction({ contract: syntheticContract, window: days(30) });
 * ```
 */
export function predictionLogFunction(
  options: PredictionLogFunctionOptions,
): (event: unknown) => Promise<PredictionLogResult> {
  const { session, store } = surroundingsOf(options);
  const { captured = "captured/", labels = "labels/", days = 7, window, delay = 0, absent, to, outputForm } = options;
  const check = (path: string, value: number, most: number): number =>
    decodeWith(number(0, most), value, "The prediction log", path, "docs/aws-functions.md");
  check("days", days, longestDays);
  check("window", window, longestDays * dayMs);
  check("delay", delay, longestDays * dayMs);
  const contract = parseContract(options.contract);
  return async (event) => {
    const asked = decodeEvent(eventOf, event, "a prediction log");
    const now = session.clock.now();
    const first = asked.first ?? new Date(now - window - delay - days * dayMs).toISOString().slice(0, 10);
    const rules = { contract, window, delay, absent, to, outputForm };
    const update = await updatePredictionLog({
      ...rules,
      store: await store(),
      captured,
      labels,
      days: { first, last: asked.last },
      now,
    });
    return {
      written: update.days.filter(({ written }) => written).map((each) => each.day),
      rows: update.days.reduce((sum, { rows }) => sum + rows, 0),
      issues: update.issues.reduce((sum, { count }) => sum + count, update.badLabels),
    };
  };
}
