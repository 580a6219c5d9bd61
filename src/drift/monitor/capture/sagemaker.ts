import { millisecondsOf } from "../../performance/labelled/records.js";
import { probabilityOf, textOf, type CapturedPrediction, type CaptureIssue } from "./capture.js";
import { payloadOf, valuesOf } from "./payload.js";

/** How payloads are understood. */
export interface PayloadOptions {
  /** Names of a row's cells, in order, where a payload names none (CSV, lists). */
  readonly columns: readonly string[];
  /** Most records of one event. */
  readonly mostRecords: number;
}

/** What an output says of one record. */
interface Output {
  readonly probability: number | null;
  readonly label: string | null;
}

/** Is this an event of SageMaker's data capture? */
export const isCaptureEvent = (line: Readonly<Record<string, unknown>>): boolean => typeof line["captureData"] === "object" && line["captureData"] !== null;

type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {});

/**
 * Reads an event of SageMaker's data capture: one prediction for each record of its input. The id of the first is the
 * inference id, or else the event's; those of the others have their place behind a `#`.
 */
export function parseCaptureEvent(line: Members, options: PayloadOptions, note: (issue: CaptureIssue) => void): CapturedPrediction[] {
  const { endpointInput, endpointOutput } = membersOf(line["captureData"]);
  const { eventId, inferenceId, inferenceTime } = membersOf(line["eventMetadata"]);
  const time = millisecondsOf(inferenceTime);
  if (time === undefined) return noted(note, "badTime");
  const records = inputOf(endpointInput, options);
  if (records === undefined) return noted(note, "badInput");
  if (records.length > options.mostRecords) return noted(note, "tooManyRecords");
  const answer = outputOf(endpointOutput, options.mostRecords);
  const fits = answer !== undefined && answer.outputs.length === records.length;
  if (!fits) note(answer === undefined ? "badOutput" : "outputCount");
  const id = textOf(inferenceId) ?? textOf(eventId);
  return records.map((record, i): CapturedPrediction => {
    const output = fits ? answer.outputs[i] : undefined;
    if (fits && output?.probability === null) note("badOutput");
    return {
      id: id === null || i === 0 ? id : `${id}#${i}`,
      at: new Date(time).toISOString(),
      record,
      probability: output?.probability ?? null,
      label: output?.label ?? null,
      version: answer?.version ?? null,
    };
  });
}

function noted(note: (issue: CaptureIssue) => void, issue: CaptureIssue): [] {
  note(issue);
  return [];
}

function inputOf(side: unknown, { columns, mostRecords }: PayloadOptions): unknown[] | undefined {
  const payload = payloadOf(side);
  if (payload === undefined) return undefined;
  try {
    const records = recordsOf(valuesOf(payload, mostRecords), columns);
    return records.length > 0 && records.every((record) => record !== undefined) ? records : undefined;
  } catch {
    return undefined;
  }
}

/** The records of an input: one, a list, `records`, `instances` or `features`, as objects or as lists of cells. */
function recordsOf(value: unknown, columns: readonly string[]): unknown[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const plain = items.length > 0 && items.every((item) => typeof item !== "object" || item === null);
    return plain ? [rowRecord(items, columns)] : items.map((item) => (Array.isArray(item) ? rowRecord(item, columns) : oneRecord(item, columns)));
  }
  const { records, instances } = membersOf(value);
  const list = records ?? instances;
  return Array.isArray(list) ? recordsOf(list, columns) : [oneRecord(value, columns)];
}

function oneRecord(value: unknown, columns: readonly string[]): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const { features } = value as Members;
  return Array.isArray(features) ? rowRecord(features, columns) : value;
}

/** A row of cells under the columns' names; undefined where there are more or fewer cells. */
function rowRecord(cells: readonly unknown[], columns: readonly string[]): Record<string, unknown> | undefined {
  if (cells.length !== columns.length) return undefined;
  const record = Object.create(null) as Record<string, unknown>;
  columns.forEach((name, i) => {
    const cell = cells[i];
    record[name] = typeof cell === "string" && cell.trim() === "" ? null : cell;
  });
  return record;
}

function outputOf(side: unknown, most: number): { outputs: Output[]; version: string | null } | undefined {
  const payload = payloadOf(side);
  if (payload === undefined) return undefined;
  try {
    const value = valuesOf(payload, most);
    const outputs = payload.form === "csv" ? csvOutputs(value as string[][]) : outputsOf(value);
    return { outputs, version: textOf(membersOf(value)["model_version"]) };
  } catch {
    return undefined;
  }
}

/** A score for each line, the first probability among its cells; or all scores on one line. */
function csvOutputs(rows: readonly (readonly string[])[]): Output[] {
  const numbers = (cells: readonly string[]): (number | null)[] => cells.map((cell) => (cell.trim() === "" ? null : probabilityOf(Number(cell))));
  const [first = []] = rows;
  if (rows.length === 1 && first.length > 1 && numbers(first).every((score) => score !== null)) {
    return numbers(first).map((probability) => ({ probability, label: null }));
  }
  return rows.map((cells) => {
    const scores = numbers(cells);
    const label = cells.find((_, i) => scores[i] === null && cells[i] !== "");
    return { probability: scores.find((score) => score !== null) ?? null, label: label ?? null };
  });
}

const probabilityNames = ["probability", "score", "predicted_probability", "prediction_probability"] as const;
const labelNames = ["prediction", "predicted_label", "label"] as const;

function outputsOf(value: unknown): Output[] {
  if (Array.isArray(value)) return (value as readonly unknown[]).map(oneOutput);
  const { predictions, results } = membersOf(value);
  const list = predictions ?? results;
  return Array.isArray(list) ? (list as readonly unknown[]).map(oneOutput) : [oneOutput(value)];
}

function oneOutput(value: unknown): Output {
  // The probabilities of both classes, the positive one last.
  if (Array.isArray(value)) return { probability: probabilityOf(value[value.length - 1]), label: null };
  if (typeof value !== "object" || value === null) return { probability: probabilityOf(value), label: null };
  const members = value as Members;
  const probability = probabilityNames.map((name) => probabilityOf(members[name])).find((found) => found !== null);
  const label = labelNames.map((name) => textOf(members[name], 10_000)).find((found) => found !== null);
  return { probability: probability ?? null, label: label ?? null };
}
