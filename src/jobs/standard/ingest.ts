import { flag, list, oneOf, optional, strictObject, text, withDefault } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { type Contract, parseContract } from "../../data/contract/index.js";
import { validateTable } from "../../data/quality/index.js";
import { readDelimited, inferDelimited, inferJsonLines, readJsonLines } from "../../data/read/index.js";
import { defineJob } from "../job.js";

const names = withDefault(list(text(), 10_000), []);
const readers = {
  delimited: { read: readDelimited, infer: inferDelimited },
  jsonLines: { read: readJsonLines, infer: inferJsonLines },
} as const;

const params = strictObject({
  format: withDefault(oneOf(["delimited", "jsonLines"]), "delimited"),
  /** For an inferred contract. */
  name: optional(text(200)),
  target: optional(text()),
  positive: optional(text()),
  /** Let the target of an inferred contract hold more than two classes. */
  multiclass: optional(flag),
  id: names,
  text: names,
  ignore: names,
  /** If true, rows without a label are set aside. */
  labeled: withDefault(flag, true),
});

/** Reads a file into a table: by a contract, by a model's, or by an inferred one. */
export const ingest = defineJob({
  name: "ingest",
  version,
  inputs: { file: "file", contract: "json?", model: "bundle?" },
  outputs: { rows: "table", quality: "json" },
  params,
  async run({ inputs: { file, contract, model }, params }) {
    const { format, labeled, ...wishes } = params;
    const { read, infer } = readers[format];
    const source = wishes.name ?? "the file";
    const made = async (): Promise<Contract> => (await infer(file, { source, ...wishes })).contract;
    const known = contract === undefined ? model?.artifact.contract : parseContract(contract);
    const rows = await read(known ?? (await made()), file, { source, target: labeled ? "required" : "optional" });
    return { rows, quality: validateTable(rows) };
  },
});
