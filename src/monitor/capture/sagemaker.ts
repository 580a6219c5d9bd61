import { millisecondsOf } from "../performance/labeled/records.js";
import { textOf, type CapturedPrediction, type Note } from "./capture.js";
import { recordsOf, type InputOptions } from "./input.js";
import { outputsOf, type Output, type OutputOptions } from "./output.js";
import { isProblem } from "./payload.js";

/** How to interpret payloads. */
export type PayloadOptions = InputOptions & OutputOptions;

/** A prediction known only as an exact 0 or 1: a probability, or a label. */
export interface SageMakerPrediction extends CapturedPrediction {
  readonly whole?: true;
}

type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** Returns whether this is an event of SageMaker's data capture. */
export const isCaptureEvent = (line: Members): boolean =>
  typeof line["captureData"] === "object" && line["captureData"] !== null;

/**
 * Reads an event of SageMaker's data capture: one prediction for each record of its input. The first one's id is the
 * inference id, or else the event's; the others' have their position after a `#`.
 */
export function parseCaptureEvent(line: Members, options: PayloadOptions, note: Note): SageMakerPrediction[] {
  const { endpointInput, endpointOutput } = membersOf(line["captureData"]);
  const { eventId, inferenceId, inferenceTime } = membersOf(line["eventMetadata"]);
  const time = millisecondsOf(inferenceTime);
  if (time === undefined) {
    note("badTime");
    return [];
  }
  const records = recordsOf(endpointInput, options);
  if (isProblem(records)) {
    note("badInput", `The input: ${records.problem}.`);
    return [];
  }
  if (records.length > options.mostRecords) {
    note("tooManyRecords");
    return [];
  }
  const said = outputsOf(endpointOutput, records.length, options);
  const outputs = isProblem(said) || said.outputs.length !== records.length ? [] : said.outputs;
  if (isProblem(said)) note("badOutput", `The output: ${said.problem}.`);
  else if (outputs.length === 0)
    note("outputCount", `${said.outputs.length} outputs came for ${records.length} records.`);
  // A value strictly between shows that all are probabilities.
  const sure = outputs.some(({ probability, whole }) => probability !== null && whole === undefined);
  const id = textOf(inferenceId) ?? textOf(eventId);
  return records.map((record, i): SageMakerPrediction => {
    const { probability, label, whole, problem }: Output = outputs[i] ?? { probability: null, label: null };
    if (problem !== undefined) note("badOutput", `The output: ${problem}.`);
    return {
      id: id === null || i === 0 ? id : `${id}#${i}`,
      at: new Date(time).toISOString(),
      record,
      probability,
      label,
      version: isProblem(said) ? null : said.version,
      ...(whole === true && !sure ? { whole } : {}),
    };
  });
}
