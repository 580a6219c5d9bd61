import {
  number,
  object,
  oneOf,
  optional,
  strictObject,
  text,
  withDefault,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { ChurnkitError } from "../../base/errors.js";
import { type MonitorReport, monitorSignals } from "../../monitor/judging/index.js";
import {
  retrainingPolicy,
  type RetrainingPolicy,
  corruptState,
  newRetrainingState,
  runStatuses,
  stateDocument,
  stateOf,
  time,
  type RetrainingState,
  decideAndClaim,
  endRun,
} from "../../monitor/retraining/index.js";
import { defineJob } from "../job.js";

const params = strictObject({
  policy: withDefault((json) => retrainingPolicy(json.object() as Partial<RetrainingPolicy>), retrainingPolicy()),
});

/**
 * Result of the run that the state has as running; the result of a retraining, such as its version, means that it
 * succeeded.
 */
const end = object({
  status: withDefault(oneOf(runStatuses), "succeeded"),
  at: optional(time),
  detail: optional(text()),
  cost: optional(number(0)),
});

/**
 * Decides by a policy whether a monitor's report calls for a retraining, as of the time of the report. The state carries over from
 * one decision to the next what the policy needs: triggers that wait, the run at work, and former runs for cooldown and budget.
 */
export const retrainDecision = defineJob({
  name: "retrain-decision",
  version,
  inputs: { report: "json", state: "json?", end: "json?" },
  outputs: { decision: "json", state: "json" },
  params,
  run({ inputs, params: { policy }, key }) {
    const report = inputs.report as MonitorReport | null;
    if (report?.monitors === undefined)
      throw new ChurnkitError(
        "VALUE_INVALID",
        "The input report is not a monitor's report. Use the output report of the job monitor.",
      );
    const now = new Date(report.at);
    const known =
      inputs.state === undefined ? newRetrainingState(now) : stateOf(JsonValue.of(inputs.state, "state", corruptState));
    const before = inputs.end === undefined ? known : ended(policy, known, inputs.end, now);
    const run = { id: key, owner: "pipeline" };
    const { decision, state } = decideAndClaim(policy, before, [monitorSignals(report)], run, now);
    const retrain = decision.action === "retrain" ? 1 : 0;
    return Promise.resolve({ decision: { ...decision, retrain }, state: stateDocument(state) });
  },
});

const malformed = documentError(
  "VALUE_INVALID",
  "The input",
  "Give an object, such as the output of the job register.",
);

function ended(policy: RetrainingPolicy, state: RetrainingState, given: unknown, now: Date): RetrainingState {
  const { at, ...rest } = end(JsonValue.of(given, "end", malformed));
  if (state.running === null) return state;
  return endRun(policy, state, state.running.id, rest, at === undefined ? now : new Date(at));
}
