import { number, strictObject, withDefault } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { split as splitTable } from "../../data/split/index.js";
import { defineJob } from "../job.js";
import { seed } from "./seed.js";

const params = strictObject({ test: withDefault(number(0, 1), 0.2), seed });

/** Splits rows into training and test rows. */
export const split = defineJob({
  name: "split",
  version,
  inputs: { rows: "table" },
  outputs: { train: "table", test: "table" },
  params,
  run({ inputs: { rows }, params }) {
    const { train, test } = splitTable(rows, { ...params, validation: 0 });
    return Promise.resolve({ train, test });
  },
});
