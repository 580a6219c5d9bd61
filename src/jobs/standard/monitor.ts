import { version } from "../../base/version.js";
import { memoryStore } from "../../io/store/index.js";
import { parseMonitorBaseline } from "../../monitor/baseline/index.js";
import { parseMonitorState } from "../../monitor/judging/index.js";
import { parseConstraints } from "../../monitor/model-monitor/index.js";
import { monitorModel } from "../../monitor/monitor-model.js";
import { defineJob } from "../job.js";
import { monitorParams, monitorSettings } from "../monitor-params.js";

const [captured, labels] = ["captured.jsonl", "labels.jsonl"];
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
  params: monitorParams,
  async run({ inputs: { model, baseline, constraints, state, ...files }, params }) {
    const store = memoryStore();
    if (files.captured !== undefined) await store.put(captured, files.captured);
    if (files.labels !== undefined) await store.put(labels, files.labels);
    const run = await monitorModel({
      ...monitorSettings(params, files.labels !== undefined),
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
