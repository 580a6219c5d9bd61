import {
  count,
  number,
  oneOf,
  optional,
  strictObject,
  text,
  texts,
  withDefault,
  type Decoded,
  type JsonValue,
} from "../base/json/index.js";
import type { SequentialPlan } from "../drift/sequential/index.js";
import { captureOutputs, type CaptureOutput } from "../monitor/capture/index.js";
import type { MonitorPolicies } from "../monitor/judging/index.js";
import { days } from "../monitor/performance/index.js";

const moment = optional(text(40));
const size = optional(count(0, 1_000_000));

const labelRules = strictObject({
  windowDays: withDefault(number(0), 30),
  delayDays: withDefault(number(0), 0),
  absent: withDefault(oneOf(["unknown", "negative"]), "unknown"),
});
const usualRules: Decoded<typeof labelRules> = { windowDays: 30, delayDays: 0, absent: "unknown" };

/** Params of the monitors. */
export const monitorParams = strictObject({
  look: withDefault(oneOf(["once", "sequential"]), "once"),
  from: moment,
  to: moment,
  now: moment,
  /** Where a sequence begins. */
  since: moment,
  period: optional(oneOf(["hour", "day"])),
  graceMinutes: withDefault(number(0), 0),
  /** Default: these where there is the input labels; without labels and rules quality is only estimated. */
  labels: optional(labelRules),
  /** Thresholds of the verdicts, and the windows of a sequence; the monitor checks them. */
  policies: withDefault((json: JsonValue) => json.object() as MonitorPolicies, {}),
  plan: withDefault((json: JsonValue) => json.object() as Partial<SequentialPlan>, {}),
  /** Of the model, where the captured data hold predictions of several. */
  version: optional(text()),
  columns: optional(texts(10_000)),
  outputForm: optional(oneOf(Object.keys(captureOutputs) as CaptureOutput[])),
  seed: optional(count(0, 2 ** 32 - 1)),
  samples: optional(strictObject({ attribution: size, predictions: size })),
});

/** The settings of a run by these params. */
export function monitorSettings({ labels, graceMinutes, ...rest }: Decoded<typeof monitorParams>, hasLabels: boolean) {
  const rules = labels ?? (hasLabels ? usualRules : undefined);
  return {
    ...rest,
    grace: graceMinutes * 60_000,
    labels: rules && { window: days(rules.windowDays), delay: days(rules.delayDays), absent: rules.absent },
  };
}
