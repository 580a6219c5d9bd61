/** Form of a body, by its content type. */
export type BodyForm = "json" | "lines" | "csv" | "other";

const forms: ReadonlyMap<string, BodyForm> = new Map([
  ["application/json", "json"],
  ["text/csv", "csv"],
  ["application/csv", "csv"],
  ["application/x-ndjson", "lines"],
  ["application/ndjson", "lines"],
  ["application/jsonl", "lines"],
  ["application/x-jsonlines", "lines"],
  ["application/jsonlines", "lines"],
]);

/** Content type of answers in JSON lines. */
export const linesType = "application/x-ndjson; charset=utf-8";

/** The form of a body with this content type; `other` for one that names no form of records, or none at all. */
export function formOf(type: string | undefined): BodyForm {
  // The usual one, without cutting it.
  if (type === undefined || type === "application/json") return type === undefined ? "other" : "json";
  return forms.get((type.split(";", 1)[0] ?? "").trim().toLowerCase()) ?? "other";
}

/** The first form that an `accept` header names; undefined where it leaves the choice. */
export function acceptedForm(accept: string | undefined): BodyForm | undefined {
  if (accept === undefined || accept === "*/*") return undefined;
  return accept
    .split(",")
    .map(formOf)
    .find((form) => form !== "other");
}
