import { list, optional, strictObject, text } from "../../base/json/index.js";
import type { MetricSink } from "../../io/metrics/index.js";
import {
  decideRetraining,
  type RetrainingController,
  retrainingController,
  type RetrainingDecision,
  retrainingPolicy,
  type RetrainingSignals,
  startRetraining,
  stopRetraining,
} from "../../monitor/index.js";
import type { RunReport } from "../../monitor/retraining/index.js";
import { decodeWith } from "../aws/decode.js";
import { nameOf } from "../aws/target.js";
import { type ExecutionInput, machineExecutions, pipelineExecutions } from "./executions.js";
import { metricsOnStdout } from "./metrics.js";
import { retrainingRequest } from "./retraining-events.js";
import { type FunctionOptions, type Surroundings, surroundingsOf } from "./surroundings.js";

/** Settings of {@link retrainingFunction}. */
export interface RetrainingFunctionOptions extends FunctionOptions {
  /** Name or ARN of the state machine that retrains. Default: the target's name with `retraining`, `churn-dev-retraining`. */
  readonly stateMachine?: string | undefined;
  /** Name of a SageMaker pipeline that retrains, in place of a state machine. */
  readonly pipeline?: string | undefined;
  /** What each execution is given: `{ DataUri: "s3://..." }`. */
  readonly input?: ExecutionInput | undefined;
  /** When to retrain; its name is the target's unless given. */
  readonly policy?: Parameters<typeof retrainingPolicy>[0];
  /** Names of the alarms that ask for a retraining while they are on. Default: accuracy and drift of the target's endpoint. */
  readonly alarms?: readonly string[] | undefined;
  /** Reads further levels at each call, such as the number of new labels. */
  readonly signals?: (() => Promise<RetrainingSignals>) | undefined;
  /** Default: CloudWatch's embedded metric format on stdout, namespace `Churnkit`. */
  readonly sink?: MetricSink | undefined;
}

/** Answer of a call: small, because Lambda logs it. */
export interface RetrainingResult {
  readonly action: RetrainingDecision["action"];
  readonly explanation: string;
  /** ARN of the execution in progress, if there is one. */
  readonly execution: string | null;
}

const decoder = strictObject({
  stateMachine: optional(text(256)),
  pipeline: optional(text(256)),
  alarms: optional(list(text(255), 100)),
});

/**
 * A function that starts retrainings by a policy, at most one execution at a time. It takes alarms' state changes, a schedule, levels, and
 * people's requests; `docs/aws-functions.md` lists the events. Each call looks at everything: what became of the last execution, which alarms are on,
 * what was remembered. So an event may come twice, and one that is lost, or that comes during the cooldown, is made up for by the
 * next call of a schedule.
 *
 * A run is claimed in the target's bucket, by a conditional write, before its execution is started under the run's name: a call that was killed
 * in between is finished by the next one. `CHURNKIT_RETRAINING=off` in the environment stops all starts, and so does the event `{ stop }`.
 *
 * @throws ChurnkitError OPTION_INVALID. From the function, so that Lambda tries again and then passes the event to the dead-letter queue:
 * REQUEST_INVALID for an event that it does not take, AWS_FAILED or STORE_FAILED for what could not be asked, started or written.
 * @example
 * ```ts no-run
 * import { retrainingFunction } from "churnkit/deploy/functions";
 *
 * export const handler = retrainingFunction({ input: { DataUri: "s3://churn-data/churn-dev/ingested/rows/" } });
 * ```
 */
export function retrainingFunction(
  options: RetrainingFunctionOptions = {},
): (event: unknown) => Promise<RetrainingResult> {
  const around = surroundingsOf(options);
  const { session, target } = around;
  const { input = {}, sink = metricsOnStdout(session.clock) } = options;
  const { stateMachine, pipeline, alarms } = options;
  const names = decodeWith(
    decoder,
    { stateMachine, pipeline, alarms },
    "The retraining",
    "options",
    "docs/aws-functions.md",
  );
  const given = retrainingPolicy({ name: nameOf(target), ...options.policy });
  const policy = process.env["CHURNKIT_RETRAINING"] === "off" ? { ...given, enabled: false } : given;
  const executions =
    names.pipeline === undefined
      ? machineExecutions(session, names.stateMachine ?? nameOf(target, "retraining"), input)
      : pipelineExecutions(session, names.pipeline, input);
  const watched = names.alarms ?? ["accuracy", "drift"].map((what) => nameOf(target, what));
  const now = (): Date => new Date(session.clock.now());

  return async (event) => {
    const { signals, stop, start } = retrainingRequest(event);
    const store = await around.store();
    if (stop !== undefined) await stopRetraining(store, policy.name, { ...stop, now });
    if (start === true) await startRetraining(store, policy.name);

    const failures: unknown[] = [];
    const controller: RetrainingController = retrainingController(store, policy, {
      now,
      sink,
      signals: async () => {
        const { blockedBy } = decideRetraining(policy, await controller.state(), {}, now());
        const held = blockedBy.some(({ kind }) => kind === "running" || kind === "cooldown");
        return { ...(await options.signals?.()), alarms: await levelsOf(around, watched, held) };
      },
      // A start whose answer is lost may have succeeded, so the claim stays, and `check` starts the same execution.
      run: async ({ runId }) => {
        const reference = await executions.start(runId).catch((error: unknown) => void failures.push(error));
        return { status: "started", ...(typeof reference === "string" && { reference }) };
      },
      check: async (run): Promise<RunReport> => {
        const known = await executions.report(run);
        if (known !== undefined) return known;
        if (!policy.enabled || (await controller.state()).stopped !== null) return "running";
        const reference = await executions.start(run.id);
        return (await executions.report({ ...run, reference })) ?? "running";
      },
      onError: (error) => failures.push(error),
    });
    const { decision } = await controller.reconcile(signals);
    await sink.flush?.();
    if (failures.length > 0) throw failures[0];
    const { running } = await controller.state();
    return { action: decision.action, explanation: decision.explanation, execution: running?.reference ?? null };
  };
}

/**
 * The alarms as they are now: an alarm tells a change only once. Those that are on count when a run may start: until then they show the
 * model before the last retraining, since metrics follow late.
 */
async function levelsOf(
  { session }: Surroundings,
  names: readonly string[],
  held: boolean,
): Promise<RetrainingSignals["alarms"]> {
  if (names.length === 0) return [];
  const { MetricAlarms = [], CompositeAlarms = [] } = await session.call("cloudwatch", "DescribeAlarms", {
    AlarmNames: [...names],
    AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
  });
  return [...MetricAlarms, ...CompositeAlarms]
    .filter(({ StateValue }) => StateValue === "OK" || (StateValue === "ALARM" && !held))
    .map(({ AlarmName: name = "", StateValue, StateReason: reason }) => ({
      name,
      reason,
      firing: StateValue === "ALARM",
    }));
}
