import { strictObject, withDefault } from "../../base/json/decode.js";
import { ChurnkitError } from "../../base/errors.js";
import { version } from "../../base/version.js";
import type { MonitorReport } from "../../monitor/judging/report.js";
import { monitorSignals } from "../../monitor/judging/points.js";
import { decideRetraining } from "../../monitor/retraining/decide.js";
import { retrainingPolicy, type RetrainingPolicy } from "../../monitor/retraining/policy.js";
import { newRetrainingState } from "../../monitor/retraining/state.js";
import { defineJob } from "../job.js";

const params = strictObject({
  policy: withDefault((json) => retrainingPolicy(json.object() as Partial<RetrainingPolicy>), retrainingPolicy()),
});

/**
 * Decides by a policy whether a monitor's report calls for a retraining, as of the time of the report. Budgets and cooldowns are
 * the retraining controller's, which keeps a state; here each report is judged by itself.
 */
export const retrainDecision = defineJob({
  name: "retrain-decision",
  version,
  inputs: { report: "json" },
  outputs: { decision: "json" },
  params,
  run({ inputs, params: { policy } }) {
    const report = inputs.report as MonitorReport | null;
    if (report?.monitors === undefined)
      throw new ChurnkitError(
        "VALUE_INVALID",
        "The input report is not a monitor's report. Use the output report of the job monitor.",
      );
    const now = new Date(report.at);
    const decision = decideRetraining(policy, newRetrainingState(now), monitorSignals(report), now);
    return Promise.resolve({ decision: { ...decision, retrain: decision.action === "retrain" ? 1 : 0 } });
  },
});
