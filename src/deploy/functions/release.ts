import { count, object, text } from "../../base/json/index.js";
import { nameOf } from "../aws/target.js";
import { decodeEvent, eventJson } from "./events.js";
import { stateMachineArn, startOnce } from "./executions.js";
import { type FunctionOptions, surroundingsOf } from "./surroundings.js";

/** A version that was approved. */
export interface ApprovedVersion {
  /** The model package group of the registry. */
  readonly group: string;
  readonly version: number;
  /** ARN of the model package. */
  readonly package: string;
}

/** Settings of {@link releaseFunction}. */
export interface ReleaseFunctionOptions extends FunctionOptions {
  /**
   * Name or ARN of the state machine that releases; its input is an {@link ApprovedVersion}. Default: the target's name with `release`,
   * `churn-dev-release`.
   */
  readonly stateMachine?: string | undefined;
  /** Releases in place of a state machine. It is called again when an event comes twice. */
  readonly release?: ((approved: ApprovedVersion) => Promise<unknown>) | undefined;
}

const packageOf = object({
  ModelPackageGroupName: text(63),
  ModelPackageVersion: count(1),
  ModelPackageArn: text(2048),
  ModelApprovalStatus: text(63),
});

/**
 * A function that starts the release of a version when its model package is approved in SageMaker. Events that come again start nothing:
 * the name of the execution is that of the version, `release-churn-dev-7`.
 *
 * @throws ChurnkitError OPTION_INVALID. From the function: REQUEST_INVALID for another event, AWS_FAILED.
 * @example
 * ```ts no-run
 * import { releaseFunction } from "churnkit/deploy/functions";
 *
 * export const handler = releaseFunction();
 * ```
 */
export function releaseFunction(
  options: ReleaseFunctionOptions = {},
): (event: unknown) => Promise<{ readonly approved: ApprovedVersion | null }> {
  const { session, target } = surroundingsOf(options);
  const machine = stateMachineArn(session, options.stateMachine ?? nameOf(target, "release"));
  const start = ({ group, version, ...rest }: ApprovedVersion): Promise<unknown> =>
    startOnce(session, machine, `release-${group}-${version}`, { group, version, ...rest });
  const { release = start } = options;

  return async (event) => {
    const what = "a model package";
    const type = eventJson(event, what).get("detail-type");
    if (type.value !== "SageMaker Model Package State Change") throw type.not("a change of a model package");
    const { detail } = decodeEvent(object({ detail: packageOf }), event, what);
    if (detail.ModelApprovalStatus !== "Approved") return { approved: null };
    const { ModelPackageGroupName: group, ModelPackageVersion: version, ModelPackageArn } = detail;
    const approved = { group, version, package: ModelPackageArn };
    await release(approved);
    return { approved };
  };
}
