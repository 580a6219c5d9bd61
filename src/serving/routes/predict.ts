import {
  acceptedForm,
  formOf,
  readBody,
  recordsOf,
  sentJson,
  sentLines,
  withNames,
  type Sent,
} from "../bodies/index.js";
import type { ServeRequest } from "../http.js";
import { predictStream } from "../predict-stream.js";
import { predictBatch, predictLines, predictOne, type More } from "../predict.js";
import { moreOf } from "./more.js";
import { post, type PathParts, type Route } from "./route.js";
import { foundIn, noModel, type Desk, type Service } from "./service.js";
import { scoringFor, type RecordScoring } from "./split-scoring.js";

/** POST /predict and /batch-predict, and the same for a model by name. */
export function predictRoutes(service: Service): readonly Route[] {
  const { models, desk, inTurn, failed } = service;
  const predict: Route["answer"] = async (request, parts) => {
    const sent = sentJson(request, await readBody(request), (record) => [record]);
    const { model, version } = parts;
    const first = foundIn(service, parts);
    if (first === undefined) return noModel(service, parts);
    // Named first: a variant is chosen by a column.
    const named = withNames(sent, desk(first).naming);
    const found = version === undefined ? models.choose(named.records[0], model) : first;
    if (found === undefined) return noModel(service, parts);
    const { scoring } = desk(found);
    if (request.query === "") return predictOne(scoring, named);
    const more = await moreOf(request.query, desk(found), { single: true });
    // Reasons take as long as a batch does.
    return more === undefined
      ? predictOne(scoring, named)
      : inTurn(() => Promise.resolve(predictOne(scoring, named, more)));
  };
  const predictMany: Route["answer"] = async (request, parts) => {
    const accepted = acceptedForm(request.headers.accept);
    if (formOf(request.headers["content-type"]) === "lines" && (accepted ?? "lines") === "lines") {
      const found = foundIn(service, parts);
      if (found === undefined) return noModel(service, parts);
      const { naming } = desk(found);
      const { scoring, more } = await batchScoring(service, desk(found), request, parts);
      return predictStream({ scoring, naming, more, inTurn, failed }, request);
    }
    const body = await readBody(request);
    return inTurn(async (giveWay) => {
      const found = foundIn(service, parts);
      if (found === undefined) return noModel(service, parts);
      const sent = await sentBatch(request, body, desk(found));
      const { scoring, more } = await batchScoring(service, desk(found), request, parts);
      if (accepted === "csv") return predictLines(scoring, sent, giveWay, "csv");
      return predictBatch(scoring, sent, giveWay, more);
    });
  };
  return [
    post("/predict", predict),
    post("/batch-predict", predictMany),
    post("/models/{model}/predict", predict),
    post("/models/{model}/batch-predict", predictMany),
  ];
}

/** How a batch is scored, and what its query adds to each score. */
async function batchScoring(
  service: Service,
  found: Desk,
  { query }: ServeRequest,
  parts: PathParts,
): Promise<Pick<RecordScoring, "scoring" | "more">> {
  const asked = await moreOf(query, found, { single: false });
  const { scoring, more } = scoringFor(service, found, parts);
  const both: More = (record, result) => ({ ...asked?.(record, result), ...more?.(record, result) });
  return { scoring, more: asked === undefined || more === undefined ? (asked ?? more) : both };
}

/** The records of a batch in any form. */
async function sentBatch(request: ServeRequest, body: Uint8Array, { scoring, naming }: Desk): Promise<Sent> {
  const { scorer, maxBatch } = scoring;
  const form = formOf(request.headers["content-type"]);
  if (form === "csv") {
    const { capturedReader } = await import("../bodies/captured.js");
    return capturedReader(scorer.contract, maxBatch).csv(request, body);
  }
  const sent =
    form === "lines"
      ? sentLines(request, body, maxBatch)
      : sentJson(request, body, (value) => recordsOf(value, maxBatch));
  return withNames(sent, naming);
}
