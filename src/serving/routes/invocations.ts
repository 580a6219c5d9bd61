import { ChurnkitError } from "../../base/errors.js";
import { inputOptions, recordsIn, csvRows, isProblem, type Payload } from "../../monitor/capture/index.js";
import type { GiveWay } from "../batch-turns.js";
import { sentJson, textOf, type Sent } from "../body.js";
import { failure, type ServeRequest, type ServeResponse } from "../http.js";
import { atMost, predictBatch, predictLines, type Scoring } from "../predict.js";

/**
 * Answers POST /invocations, by which SageMaker asks a container for scores: JSON or CSV, read just as captured requests are.
 * The answer is that of a batch, or a probability a line where `accept` asks for CSV.
 */
export async function predictInvocation(
  scoring: Scoring,
  request: ServeRequest,
  body: Uint8Array,
  giveWay: GiveWay,
): Promise<ServeResponse> {
  const { "content-type": type = "application/json", accept = "" } = request.headers;
  const isCsv = type.startsWith("text/csv");
  if (!isCsv && !type.startsWith("application/json"))
    return failure(415, {
      code: "REQUEST_INVALID",
      message: `The body is ${type.slice(0, 60)}. Send text/csv or application/json.`,
    });
  const { contract } = scoring.scorer;
  const options = inputOptions(contract, scoring.maxBatch);
  const read = (payload: Payload): readonly unknown[] => {
    const records = recordsIn(payload, options);
    if (isProblem(records)) throw new ChurnkitError("REQUEST_INVALID", `The body cannot be read: ${records.problem}.`);
    return atMost(records, scoring.maxBatch);
  };
  let sent: Sent;
  if (isCsv) {
    const records = read({ rows: csvRows(textOf(body), options.mostRecords + 1) });
    sent = { request, bytes: body.length, records, exactRecords: () => records };
  } else sent = sentJson(request, body, (value) => read({ value }));
  return (accept.includes("text/csv") ? predictLines : predictBatch)(scoring, sent, giveWay);
}
