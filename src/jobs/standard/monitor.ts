import { optional, strictObject, text } from "../../base/json/decode.js";
import { version } from "../../base/version.js";
import { memoryStore } from "../../io/store/memory-store.js";
import { monitorBaselineOf } from "../../monitor/baseline/parse-baseline.js";
import { runMonitor } from "../../monitor/run.js";
import { defineJob } from "../job.js";

const [captured, labels] = ["captured.jsonl", "labels.jsonl"];

const params = strictObject({ from: optional(text(40)), to: optional(text(40)), now: optional(text(40)) });

/** Judges a model in service by one file of captured predictions, and one of labels where there are some. */
export const monitor = defineJob({
  name: "monitor",
  version,
  inputs: { model: "bundle", captured: "file", labels: "file?" },
  outputs: { report: "json", state: "json" },
  params,
  async run({ inputs, params }) {
    const store = memoryStore();
    await store.put(captured, inputs.captured);
    if (inputs.labels !== undefined) await store.put(labels, inputs.labels);
    const { report, read, state } = await runMonitor({
      ...params,
      store,
      prefix: captured,
      labelsPrefix: labels,
      baseline: monitorBaselineOf(inputs.model.artifact),
    });
    return { report: { ...report, read }, state };
  },
});
