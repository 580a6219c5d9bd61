import { monitorLambda } from "../../monitor/index.js";
import { nameOf } from "../aws/target.js";
import { readReleasedBaseline } from "../sagemaker/release/released-baseline.js";
import { metricsOnStdout } from "./metrics.js";
import { type FunctionOptions, surroundingsOf } from "./surroundings.js";

type LambdaOptions = Parameters<typeof monitorLambda>[0];
type LambdaResult = Awaited<ReturnType<ReturnType<typeof monitorLambda>>>;

/** Settings of {@link monitorFunction}; folders are those in the target's folder. */
export interface MonitorFunctionOptions
  extends FunctionOptions, Omit<LambdaOptions, "store" | "baseline" | "keep" | "prefix" | "clock"> {
  /** Follows the target's name in the endpoint's, as in a release: `eu` for `churn-dev-eu`. Default: none, `churn-dev`. */
  readonly name?: string | undefined;
  /** Where the endpoint captures. Default `captured/churn-dev/`, by its name. */
  readonly prefix?: string | undefined;
}

/** What a call answers; a call before the first release has only a message. */
type MonitorFunctionResult = LambdaResult | { readonly done: false; readonly message: string };

/**
 * A function that compares, on a schedule, what an endpoint captured with the baseline of the version that a release brought on duty there.
 * Each version has a state and reports of its own, `monitoring/churn-dev/v7/`. Metrics bear the model's name, by which alarms find them.
 *
 * @throws ChurnkitError OPTION_INVALID. From the function: the errors of `monitorLambda`.
 * @example
 * ```ts no-run
 * import { monitorFunction } from "churnkit/deploy/functions";
 *
 * export const monitor = monitorFunction();
 * ```
 */
export function monitorFunction(
  options: MonitorFunctionOptions = {},
): (event: unknown) => Promise<MonitorFunctionResult> {
  const { target, session, store: open } = surroundingsOf(options);
  const { clock } = session;
  const endpoint = nameOf(target, options.name);
  const { prefix = `captured/${endpoint}/`, sink = metricsOnStdout(clock) } = options;

  return async (event) => {
    const store = await open();
    const released = await readReleasedBaseline(store, endpoint);
    if (released === undefined)
      return { done: false, message: `No release has brought a version on duty at ${endpoint} yet.` };
    const { version, baseline } = released;
    const keep = `monitoring/${endpoint}/v${version}`;
    const pointLabels = { model: baseline.model.name, ...options.pointLabels };
    return monitorLambda({ ...options, store, prefix, keep, baseline, sink, pointLabels, clock })(event);
  };
}
