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
} from "../../base/json/index.js";
import { version } from "../../base/version.js";
import type { SequentialPlan } from "../../drift/sequential/index.js";
import { memoryStore } from "../../io/store/index.js";
import { parseMonitorBaseline } from "../../monitor/baseline/index.js";
import { captureOutputs, type CaptureOutput } from "../../monitor/capture/index.js";
import { type MonitorPolicies, parseMonitorState } from "../../monitor/judging/index.js";
import { parseConstraints } from "../../monitor/model-monitor/index.js";
import { monitorModel } from "../../monitor/monitor-model.js";
import { days } from "../../monitor/performance/index.js";
import { defineJob } from "../job.js";

const [captured, labels] = ["captured.jsonl", "labels.jsonl"];
const moment = optional(text(40));
const size = optional(count(0, 1_000_000));

const labelRules = strictObject({
  windowDays: withDefault(number(0), 30),
  delayDays: withDefault(number(0), 0),
  absent: withDefault(oneOf(["unknown", "negative"]), "unknown"),
});
const usualRules: Decoded<typeof labelRules> = { windowDays: 30, delayDays: 0, absent: "unknown" };

const params = strictObject({
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

/**
 * Judges a model in service by one file of captured predictions, and one of labels where there are some. A state goes in and
 * comes out: that of another part of the data, or in a sequence that of the time before.
 */
export const monitor = defineJob({
  name: "monitor",
  version,
  inputs: {
    model: "bundle?",
    baseline: "json?",
    constraints: "json?",
    captured: "file?",
    labels: "file?",
    state: "json?",
  },
  outputs: { report: "json", state: "json", statistics: "json", constraints: "json", violations: "json" },
  params,
  async run({ inputs: { model, baseline, constraints, state, ...files }, params: { labels: given, ...rest } }) {
    const rules = given ?? (files.labels && usualRules);
    const store = memoryStore();
    if (files.captured !== undefined) await store.put(captured, files.captured);
    if (files.labels !== undefined) await store.put(labels, files.labels);
    const run = await monitorModel({
      ...rest,
      grace: rest.graceMinutes * 60_000,
      labels: rules && { window: days(rules.windowDays), delay: days(rules.delayDays), absent: rules.absent },
      artifact: model?.artifact,
      baseline: baseline === undefined ? undefined : parseMonitorBaseline(baseline, "the input baseline"),
      constraints: constraints === undefined ? undefined : parseConstraints(constraints, "the input constraints"),
      state: state === undefined ? undefined : parseMonitorState(state),
      store,
      prefix: captured,
      labelsPrefix: labels,
    });
    return {
      report: run.files["report.json"],
      state: run.state,
      statistics: run.files["statistics.json"] ?? null,
      constraints: run.files["constraints.json"] ?? null,
      violations: run.files["constraint_violations.json"] ?? null,
    };
  },
});
