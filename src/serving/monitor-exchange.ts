import { parseJson } from "../base/json/parse.js";
import type { Contract } from "../data/contract/contract.js";
import { exactIdParser } from "../data/read/exact-ids.js";
import { memberNamed, spellingsOf } from "../data/contract/spellings.js";
import { probabilityOf, textOf, type CapturedPrediction } from "../monitor/capture/capture.js";

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
export function exchangeOf(
  { path, body, answer, status, at }: Exchange,
  contract: Contract,
): CapturedPrediction[] | undefined {
  let text: string;
  let sent: unknown;
  let said: Members;
  try {
    text = decoder.decode(body);
    sent = parseJson(text);
    said = membersOf(parseJson(answer));
  } catch {
    return undefined;
  }
  // /predict takes one record, whatever its keys are.
  const recordsOf = (body: unknown): unknown[] => {
    const batch =
      path === "/predict" ? undefined : Array.isArray(body) ? (body as unknown[]) : membersOf(body)["records"];
    return Array.isArray(batch) ? (batch as unknown[]) : [body];
  };
  const records = recordsOf(sent);
  const { predictions, model_version: version } = said;
  const answers =
    status === 200 && Array.isArray(predictions) ? (predictions as unknown[]) : [status === 200 ? said : {}];
  if (answers.length !== records.length) return undefined;
  const ids = contract.columns.filter(({ role }) => role === "id").map(({ name }) => name);
  // An id that JSON rounds is read once more as it is spelled; the record stays as it was sent.
  const rounded = records.some((record) => ids.some((name) => isRounded(valueOf(record, name, ids))));
  const spelled = rounded ? recordsOf(exactIdParser(contract)(text)) : records;
  const time = new Date(at).toISOString();
  return records.map((record, i): CapturedPrediction => {
    const { probability, prediction } = membersOf(answers[i]);
    return {
      id: idOf(spelled[i], ids),
      at: time,
      record,
      probability: probabilityOf(probability),
      label: textOf(prediction, 10_000),
      version: textOf(version),
    };
  });
}

const isRounded = (value: unknown): boolean => typeof value === "number" && !Number.isSafeInteger(value);
const valueOf = (record: unknown, name: string, ids: readonly string[]): unknown =>
  memberNamed(membersOf(record), name, spellingsOf(ids).others(name));

/** The contract's ids of a record, joined by a slash; null where one is missing. */
function idOf(record: unknown, ids: readonly string[]): string | null {
  if (ids.length === 0 || typeof record !== "object" || record === null) return null;
  const texts = ids
    .map((name) => valueOf(record, name, ids))
    .map((value) => (typeof value === "string" || typeof value === "number" ? String(value) : ""));
  return texts.includes("") ? null : textOf(texts.join("/"));
}
