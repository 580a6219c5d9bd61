import { parseJson } from "../../base/json/index.js";
import { memberNamed, spellingsOf, type Contract } from "../../data/contract/index.js";
import { exactParser } from "../../data/read/index.js";
import { idText, membersOf, type Members } from "../capture/capture.js";
import { inputOptions, recordsIn } from "../capture/input.js";
import { isProblem, payloadOf } from "../capture/payload.js";
import { isCaptureEvent } from "../capture/sagemaker.js";

/** What kind of thing a line is about. */
export type LineKind = "predictions" | "labels" | "exposures" | "lines";

/** One record of a line: the names of its customer, and those of its prediction. */
export interface Owner {
  readonly customer: readonly string[];
  readonly prediction: readonly string[];
}

/** Whose a line is. */
export interface Owners {
  readonly kind: LineKind;
  /** One for each record, or one for a line of one record. */
  readonly owners: readonly Owner[];
  /** Names of the whole line, whichever of its records they are given for. */
  readonly whole: readonly string[];
  /** Text of a request that cannot be read, so that its records are unknown. */
  readonly unread: string | undefined;
  /** Whether there are records that were not looked into, because no contract says how. */
  readonly unsearched: boolean;
}

/** Most records of one captured request, as readers of captured data have it. */
const mostRecords = 10_000;

/**
 * Makes a reader of whose a line of JSON is: a prediction in our own form or SageMaker's, a label, an exposure, or any object that
 * names its customer.
 *
 * @throws SyntaxError from the reader for a line that is not JSON.
 */
export function ownerReader(contract: Contract | undefined): (text: string) => Owners {
  const columns = (contract?.columns ?? []).filter(({ role }) => role === "id").map(({ name }) => name);
  const spellings = spellingsOf(columns);
  const idNames = [...spellings.columns.keys()];
  const exactly = exactParser([...idNames, "id", "eventId", "inferenceId", "predictionId", "prediction_id", "key"]);
  const payloads = contract && inputOptions(contract, mostRecords);

  /** The contract's id of a record: several ids are joined by a slash, as a server joins them. */
  const ownId = (record: unknown): string[] => {
    if (columns.length === 0) return [];
    const values = columns.map((name) => memberNamed(membersOf(record), name, spellings.others(name)));
    const names = values.flatMap(namesOf);
    return names.length < columns.length ? [] : [names.join("/")];
  };

  const hasRoundedId = (record: unknown): boolean => idNames.some((name) => isRounded(membersOf(record)[name]));

  function ownersOfEvent(line: Members): Owners {
    const { eventId, inferenceId } = membersOf(line["eventMetadata"]);
    const whole = [...namesOf(inferenceId), ...namesOf(eventId)];
    const [base] = whole;
    const names = (i: number): string[] => (base === undefined ? [] : [i === 0 ? base : `${base}#${i}`]);
    const unknown = { kind: "predictions", whole, owners: [{ customer: [], prediction: names(0) }] } as const;
    if (payloads === undefined) return { ...unknown, unread: undefined, unsearched: true };
    const { endpointInput } = membersOf(line["captureData"]);
    const read = (parse = parseJson): ReturnType<typeof recordsIn> => {
      const payload = payloadOf(endpointInput, mostRecords, parse);
      return isProblem(payload) ? payload : recordsIn(payload, payloads);
    };
    const plain = read();
    const records = !isProblem(plain) && plain.some(hasRoundedId) ? read(exactly) : plain;
    if (isProblem(records)) return { ...unknown, unread: sideText(endpointInput), unsearched: false };
    const owners = records.map((record, i) => ({ customer: ownId(record), prediction: names(i) }));
    return { kind: "predictions", owners, whole, unread: undefined, unsearched: false };
  }

  function ownersOfTruth(line: Members): Owners {
    const { data } = membersOf(line["groundTruthData"]);
    const [base] = namesOf(membersOf(line["eventMetadata"])["eventId"]);
    const count = typeof data === "string" ? data.split(/[\n,]/).length : Array.isArray(data) ? data.length : 1;
    const owners = Array.from({ length: count }, (_, i): Owner => {
      const prediction = base === undefined ? [] : [i === 0 ? base : `${base}#${i}`];
      return { customer: [], prediction };
    });
    return { kind: "labels", owners, whole: [], unread: undefined, unsearched: false };
  }

  function ownersOfObject(line: Members): Owners {
    const { record, id, predictionId, prediction_id: spelled, by, key } = line;
    const prediction = [...namesOf(predictionId), ...namesOf(spelled)];
    // Where a record had no id, the prediction's stands for it.
    const customer = namesOf(id).filter((name) => !prediction.includes(name));
    const kind =
      "record" in line || "outcome_state" in line
        ? "predictions"
        : "variant" in line && "key" in line
          ? "exposures"
          : isLabel(line)
            ? "labels"
            : "lines";
    if (kind === "exposures" && typeof by === "string" && (columns.length === 0 || spellings.columns.has(by)))
      customer.push(...namesOf(key));
    customer.push(...ownId(line));
    // A server's JSON rounds a number in a record; the line's own id is exact.
    const rounded = customer.length > 0 && hasRoundedId(record);
    if (!rounded) customer.push(...ownId(record));
    return { kind, owners: [{ customer, prediction }], whole: [], unread: undefined, unsearched: false };
  }

  return (text) => {
    const plain = membersOf(parseJson(text));
    const line = hasRounded(plain, idNames) ? exactLine(plain, membersOf(exactly(text))) : plain;
    if (isCaptureEvent(line)) return ownersOfEvent(line);
    return "groundTruthData" in line ? ownersOfTruth(line) : ownersOfObject(line);
  };
}

const isLabel = (line: Members): boolean => "outcome" in line || "treated" in line;

const isRounded = (value: unknown): boolean => typeof value === "number" && !Number.isSafeInteger(value);

/** Whether JSON has rounded an id of a line. */
const hasRounded = (line: Members, idNames: readonly string[]): boolean => {
  const { id, predictionId, prediction_id: spelled, key, eventMetadata, record } = line;
  const { eventId, inferenceId } = membersOf(eventMetadata);
  const ids = [id, predictionId, spelled, key, eventId, inferenceId, ...idNames.map((name) => line[name])];
  return [...ids, ...idNames.map((name) => membersOf(record)[name])].some(isRounded);
};

/** A line with its ids as they are spelled. The record keeps its numbers, whose rounding matters. */
const exactLine = (plain: Members, exact: Members): Members =>
  namesOf(exact["id"]).length > 0 && "record" in plain ? { ...exact, record: plain["record"] } : exact;

/** The text that a value names something by, if it does. */
function namesOf(value: unknown): string[] {
  const text = idText(value);
  return text === null ? [] : [text];
}

/** Text of one side of a captured request. */
function sideText(side: unknown): string {
  const { data, encoding } = membersOf(side);
  if (typeof data !== "string") return "";
  if (typeof encoding !== "string" || encoding.toUpperCase() !== "BASE64") return data;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)));
  } catch {
    return data;
  }
}
