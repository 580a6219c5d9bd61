import type { CreateTransformJobRequest, DataProcessing } from "@aws-sdk/client-sagemaker";
import { parseJson } from "../../base/json/index.js";
import { invalid } from "../front/aws-error.js";
import { lookUp } from "../states/paths.js";

/** The records of a file: its lines, or the whole. */
export function recordsOf(bytes: Uint8Array, { TransformInput }: Partial<CreateTransformJobRequest>): string[] {
  const { SplitType = "None" } = TransformInput ?? {};
  if (SplitType !== "None" && SplitType !== "Line") throw invalid(`The rehearsal does not split by ${SplitType}.`);
  const text = Buffer.from(bytes).toString("utf8");
  return SplitType === "None" ? [text] : text.split("\n").filter((line) => line.trim() !== "");
}

/** Records in requests: one in each, or as many as fit. */
export function batches(
  records: readonly string[],
  { BatchStrategy = "MultiRecord", MaxPayloadInMB = 6 }: Partial<CreateTransformJobRequest>,
): string[][] {
  // 0 is without a limit.
  const limit = MaxPayloadInMB === 0 ? Infinity : MaxPayloadInMB * 2 ** 20;
  const found: string[][] = [];
  let size = 0;
  for (const record of records) {
    const bytes = Buffer.byteLength(record) + 1;
    if (bytes > limit) throw invalid(`A record is larger than MaxPayloadInMB, ${MaxPayloadInMB}.`);
    if (found.length === 0 || BatchStrategy === "SingleRecord" || size + bytes > limit) {
      found.push([]);
      size = 0;
    }
    found.at(-1)?.push(record);
    size += bytes;
  }
  return found;
}

/** A record as JSONPaths see it: the columns of CSV, or JSON. */
interface Format {
  read(text: string): unknown;
  write(value: unknown): string;
  join(record: string, answer: string): string;
}

const csv: Format = {
  // Quotes stay, so that a column is written as it came.
  read: (text) => [...text.matchAll(/(?:^|,)((?:"(?:[^"]|"")*"|[^,])*)/g)].map(([, column = ""]) => column),
  write: (value) => (Array.isArray(value) ? value.join(",") : String(value)),
  join: (record, answer) => `${record},${answer}`,
};

const json: Format = {
  read: (text) => parseJson(text),
  write: (value) => JSON.stringify(value),
  join(record, answer) {
    const [input, SageMakerOutput] = [parseJson(record), parseJson(answer)];
    const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
    return JSON.stringify(isObject ? { ...input, SageMakerOutput } : { SageMakerInput: input, SageMakerOutput });
  },
};

function formatOf(type = ""): Format {
  if (/csv/.test(type)) return csv;
  if (/json/.test(type)) return json;
  throw invalid(`Records of ${type || "an unknown type"} cannot be filtered or joined: they must be CSV or JSON.`);
}

function filtered(text: string, path: string | undefined, type: string | undefined): string {
  if (path === undefined || path === "$") return text;
  const format = formatOf(type);
  return format.write(lookUp(path, { data: format.read(text), context: {}, variables: {} }).value);
}

/** What of a record is sent to the model. */
export const inputOf = (record: string, { InputFilter }: DataProcessing, type: string | undefined): string =>
  filtered(record, InputFilter, type);

/** What is kept of a record and the model's answer to it. */
export function outputOf(
  record: string,
  answer: string,
  { JoinSource, OutputFilter }: DataProcessing,
  type: string | undefined,
): string {
  return filtered(JoinSource === "Input" ? formatOf(type).join(record, answer) : answer, OutputFilter, type);
}
