import { strictObject } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { csvLine, recordOf } from "../../data/table/index.js";
import { defineJob } from "../job.js";

/** Scores rows: a CSV of their row numbers, ids, probabilities and whether these reach the model's threshold. */
export const score = defineJob({
  name: "score",
  version,
  inputs: { model: "bundle", rows: "table" },
  outputs: { scores: "file" },
  params: strictObject({}),
  run({ inputs: { model, rows } }) {
    const { decision } = model.scorer;
    const ids = rows.contract.columns.filter(({ name, role }) => role === "id" && rows.columns.has(name));
    const lines = Array.from(model.scorer.score(rows), (probability, i) => {
      const record = recordOf(rows, i);
      return csvLine([
        rows.rowNumbers[i],
        ...ids.map(({ name }) => record[name]),
        probability,
        probability >= decision.threshold,
      ]);
    });
    const header = csvLine(["row", ...ids.map(({ name }) => name), "probability", "positive"]);
    return Promise.resolve({ scores: new TextEncoder().encode([header, ...lines].join("")) });
  },
});
