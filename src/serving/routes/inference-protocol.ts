import { ChurnkitError } from "../../base/errors.js";
import { parseJson } from "../../base/json/index.js";
import { version as packageVersion } from "../../base/version.js";
import type { ScoredRecord } from "../../model/scoring/index.js";
import {
  datatypeOf,
  inferRequestOf,
  joinBinary,
  outputTensors,
  rawOf,
  readBody,
  sentJson,
  splitBinary,
  type Output,
} from "../bodies/index.js";
import { callerFailure, commonHeaders, json, type ErrorBody, type ServeRequest, type ServeResponse } from "../http.js";
import type { ServedModel } from "../models/index.js";
import { scoreSlices } from "../predict.js";
import { predictionIdOf } from "../prediction-id.js";
import { get, post, type PathParts, type Route } from "./route.js";
import { foundIn, noModel, type Desk, type Service } from "./service.js";
import { scoringFor } from "./split-scoring.js";

/** The Open Inference Protocol, version 2, over HTTP, with tensors in JSON or, by its extension, as bytes behind it. */
export function inferenceProtocolRoutes(service: Service): readonly Route[] {
  const { models, desk, inTurn } = service;
  const withModel =
    (answer: (found: Desk, request: ServeRequest, parts: PathParts) => ReturnType<Route["answer"]>): Route["answer"] =>
    (request, parts) => {
      const found = foundIn(service, parts);
      return found === undefined ? noModel(service, parts) : answer(desk(found), request, parts);
    };
  const infer = withModel(async (found, request, parts) => {
    const body = await readBody(request);
    const { json: text, binary } = splitBinary(request.headers, body);
    return inTurn(async (giveWay) => {
      const { scoring, modelOf } = scoringFor(service, found, parts);
      const { contract } = scoring.scorer;
      let asked: ReturnType<typeof inferRequestOf> | undefined;
      const read = (value: unknown) => (asked = inferRequestOf(value, contract, scoring.maxBatch, binary)).records;
      const sent = { ...sentJson(request, text, read), bytes: body.length };
      const results: ScoredRecord[] = [];
      const predictionId = predictionIdOf(request);
      await scoreSlices(scoring, sent, predictionId, giveWay, 1, (scored) => void results.push(...scored));
      assertScored(results);
      const { id, outputs = [] } = asked ?? {};
      const origin = {
        model_name: found.model.name,
        ...(id === undefined ? {} : { id }),
        ...originOf(found, new Set(sent.records.map(modelOf)), predictionId),
      };
      return answerOf(origin, outputs, results);
    });
  });
  const metadata = withModel(({ model, scoring }) =>
    json(200, {
      name: model.name,
      versions: [model.version],
      platform: "churnkit",
      inputs: scoring.scorer.contract.columns
        .filter(({ role }) => role === "feature")
        .map((column) => ({ name: column.name, datatype: datatypeOf(column), shape: [-1] })),
      outputs: outputTensors(scoring.scorer.contract).map(({ name, datatype }) => ({ name, datatype, shape: [-1] })),
    }),
  );
  const modelReady = withModel(({ model }) => json(200, { name: model.name, ready: true }));
  const ready = (): ServeResponse => json(models.ready() ? 200 : 400, { ready: models.ready() });
  const ofModel = (path: string): readonly Route[] => [
    get(path, metadata),
    get(`${path}/ready`, modelReady),
    post(`${path}/infer`, infer),
  ];
  return [
    get("/v2", () => json(200, { name: "churnkit", version: packageVersion, extensions: ["binary_tensor_data"] })),
    get("/v2/health/live", () => json(200, { live: true })),
    get("/v2/health/ready", ready),
    ...ofModel("/v2/models/{model}"),
    ...ofModel("/v2/models/{model}/versions/{version}"),
  ].map((route) => ({ ...route, answer: withProtocolErrors(route.answer) }));
}

/** Version and parameters of an answer by the model that scored its records, or by the variants that shared them. */
function originOf(
  { model }: Desk,
  chosen: ReadonlySet<ServedModel>,
  predictionId: string,
): Readonly<Record<string, unknown>> {
  const [first = model, ...others] = chosen;
  const { source, version, variant, scorer } = first;
  const common = { model_source: source, prediction_id: predictionId };
  if (others.length > 0)
    return { parameters: { ...common, model_versions: [first, ...others].map((each) => each.version).join(",") } };
  const { threshold } = scorer.decision;
  const named = variant === undefined ? {} : { model_variant: variant };
  return { model_version: version, parameters: { ...common, threshold, ...named } };
}

/** The protocol has no answer for a part of a batch. */
function assertScored(results: readonly ScoredRecord[]): void {
  const row = results.findIndex(({ probability }) => probability === null);
  if (row < 0) return;
  const message = results[row]?.issues[0]?.message ?? "It breaks the contract.";
  throw new ChurnkitError("VALUE_INVALID", `Record ${row} has no score. ${message}`);
}

/** An answer in JSON, with the outputs that are asked for as bytes behind it. */
function answerOf(origin: object, outputs: readonly Output[], results: readonly ScoredRecord[]): ServeResponse {
  const tensors: Uint8Array[] = [];
  const said = outputs.map(({ tensor: { name, datatype, of }, binary }) => {
    const data = results.map(of);
    const tensor = { name, datatype, shape: [results.length] };
    if (!binary) return { ...tensor, data };
    const size = tensors[tensors.push(rawOf(datatype, data)) - 1]?.length;
    return { ...tensor, parameters: { binary_data_size: size } };
  });
  const value = { ...origin, outputs: said };
  if (tensors.length === 0) return json(200, value);
  const { headers, body } = joinBinary(value, tensors);
  return { status: 200, headers: { ...headers, ...commonHeaders }, body };
}

/** Errors are `{ "error": "..." }` in this protocol. */
const withProtocolErrors =
  (answer: Route["answer"]): Route["answer"] =>
  async (request, parts) => {
    let response: ServeResponse;
    try {
      response = await answer(request, parts);
    } catch (error) {
      const refused = callerFailure(error);
      if (refused === undefined) throw error;
      response = refused;
    }
    const { status, body } = response;
    if (status < 400 || typeof body !== "string" || !body.startsWith('{"error":')) return response;
    return { ...response, body: JSON.stringify({ error: (parseJson(body) as ErrorBody).error.message }) };
  };
