import { acceptedForm, formOf } from "../bodies/index.js";
import { capturedReader } from "../bodies/captured.js";
import type { GiveWay } from "../batch-turns.js";
import { failure, type ServeRequest, type ServeResponse } from "../http.js";
import { type More, predictBatch, predictLines } from "../predict.js";
import { classProbabilities } from "./more.js";
import type { RecordScoring } from "./split-scoring.js";

/**
 * Answers POST /invocations, by which SageMaker asks a container for scores: JSON, JSON lines or CSV, read just as captured
 * requests are. The answer is that of a batch, or a line a record where `accept` asks for CSV or JSON lines. SageMaker passes on
 * no query, so JSON of more than two classes always has the probability of each; CSV has that of the positive class.
 */
export async function predictInvocation(
  { scoring, more: version }: RecordScoring,
  request: ServeRequest,
  body: Uint8Array,
  giveWay: GiveWay,
): Promise<ServeResponse> {
  const { contract } = scoring.scorer;
  const several = (contract.target?.classes.length ?? 2) > 2;
  const more = several ? both(classProbabilities(contract), version) : version;
  const { "content-type": type, accept } = request.headers;
  const form = type === undefined ? "json" : formOf(type);
  if (form === "other")
    return failure(415, {
      code: "REQUEST_INVALID",
      message: `The body is ${(type ?? "").slice(0, 60)}. Send text/csv, application/json or application/jsonlines.`,
    });
  const sent = capturedReader(contract, scoring.maxBatch)[form](request, body);
  const wanted = acceptedForm(accept) ?? (form === "lines" ? "lines" : "json");
  return wanted === "csv" || wanted === "lines"
    ? predictLines(scoring, sent, giveWay, wanted, more)
    : predictBatch(scoring, sent, giveWay, more);
}

const both =
  (one: More, other: More | undefined): More =>
  (...given) => ({ ...one(...given), ...other?.(...given) });
