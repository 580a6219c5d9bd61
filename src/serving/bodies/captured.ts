import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import { csvRows, inputOptions, isProblem, recordsIn, type Payload } from "../../monitor/capture/index.js";
import type { ServeRequest } from "../http.js";
import { sentJson, textOf, type Sent } from "./json.js";
import { sentLines } from "./lines.js";
import { atMost } from "./records.js";

/** Reads bodies just as captured requests are read, whatever server they were sent to. */
export interface CapturedReader {
  csv(request: ServeRequest, body: Uint8Array): Sent;
  json(request: ServeRequest, body: Uint8Array): Sent;
  lines(request: ServeRequest, body: Uint8Array): Sent;
}

/**
 * A reader of CSV, with a header or in the contract's order, and of JSON in the forms of SageMaker, MLflow, TensorFlow Serving and
 * KServe.
 */
export function capturedReader(contract: Contract, most: number): CapturedReader {
  const options = inputOptions(contract, most);
  const read = (payload: Payload): readonly unknown[] => {
    const records = recordsIn(payload, options);
    if (isProblem(records)) throw new ChurnkitError("REQUEST_INVALID", `The body cannot be read: ${records.problem}.`);
    return atMost(records, most);
  };
  return {
    csv(request, body) {
      const records = read({ rows: csvRows(textOf(body), most + 1) });
      return { request, bytes: body.length, records, exactRecords: () => records };
    },
    json: (request, body) => sentJson(request, body, (value) => read({ value })),
    lines(request, body) {
      const { records, exactRecords, ...rest } = sentLines(request, body, most);
      return {
        ...rest,
        records: read({ value: records }),
        exactRecords: (other) => read({ value: exactRecords(other) }),
      };
    },
  };
}
