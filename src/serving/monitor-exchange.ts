import type { Contract } from "../data/contract/contract.js";
import { memberNamed, spellingsOf } from "../data/contract/spellings.js";
import { probabilityOf, textOf, type CapturedPrediction } from "../drift/monitor/capture/capture.js";

/** A request for scores and its answer, as they went over the wire. */
export interface Exchange {
  readonly path: string;
  readonly body: Uint8Array;
  readonly answer: string;
  readonly status: number;
  /** When it was answered, milliseconds since 1970. */
  readonly at: number;
  /** Of both together, about. */
  readonly bytes: number;
}

const decoder = new TextDecoder();

type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members => (typeof value === "object" && value !== null ? (value as Members) : {});

/** The predictions of an exchange; undefined where body and answer don't fit together. A refused record has no probability. */
export function exchangeOf({ path, body, answer, status, at }: Exchange, contract: Contract): CapturedPrediction[] | undefined {
  let sent: unknown;
  let said: Members;
  try {
    sent = JSON.parse(decoder.decode(body));
    said = membersOf(JSON.parse(answer));
  } catch {
    return undefined;
  }
  // /predict takes one record, whatever its keys are.
  const batch = path === "/predict" ? undefined : Array.isArray(sent) ? (sent as unknown[]) : membersOf(sent)["records"];
  const records = Array.isArray(batch) ? (batch as unknown[]) : [sent];
  const { predictions, model_version: version } = said;
  const answers = status === 200 && Array.isArray(predictions) ? (predictions as unknown[]) : [status === 200 ? said : {}];
  if (answers.length !== records.length) return undefined;
  const ids = contract.columns.filter(({ role }) => role === "id").map(({ name }) => name);
  const time = new Date(at).toISOString();
  return records.map((record, i): CapturedPrediction => {
    const { probability, prediction } = membersOf(answers[i]);
    return { id: idOf(record, ids), at: time, record, probability: probabilityOf(probability), label: textOf(prediction, 10_000), version: textOf(version) };
  });
}

/** The contract's ids of a record, joined by a slash; null where one is missing. */
function idOf(record: unknown, ids: readonly string[]): string | null {
  if (ids.length === 0 || typeof record !== "object" || record === null) return null;
  const values = ids.map((name) => memberNamed(record as Members, name, spellingsOf(ids).others(name)));
  const texts = values.map((value) => (typeof value === "string" || typeof value === "number" ? String(value) : ""));
  return texts.includes("") ? null : textOf(texts.join("/"));
}
