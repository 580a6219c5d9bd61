import { datatypeOf } from "../bodies/index.js";
import type { Column, Contract } from "../../data/contract/index.js";
import { exampleRecord, type Schema } from "./record-schema.js";
import { flag, list, number, object, ref, text } from "./schemas.js";

/** An operation of OpenAPI, without its path's parameters. */
export type Operation = Readonly<Record<string, unknown>>;

interface Described {
  readonly summary: string;
  readonly description?: string;
  readonly tag: "Scores" | "Models" | "Health" | "SageMaker" | "Open Inference Protocol" | "About";
  readonly query?: Readonly<Record<string, { readonly schema: Schema; readonly description: string }>>;
  /** Forms of the body by content type. */
  readonly body?: Readonly<Record<string, Schema>>;
  /** Forms of the answer by content type; JSON of a schema alone. */
  readonly answer: Schema | Readonly<Record<`${string}/${string}`, Schema>>;
  /** Statuses of refusals in addition to those of every route. */
  readonly refusals?: readonly number[];
  /** Another form of them than the usual error. */
  readonly refused?: Schema;
}

const meanings: Readonly<Record<number, string>> = {
  400: "The request is malformed.",
  401: "A key is needed.",
  403: "The key may not do this.",
  404: "There is no such model, or no such route.",
  409: "The model is loaded already.",
  413: "The body or the batch is too large.",
  415: "The body has a content type that is not read.",
  422: "The record breaks the contract; `issues` says where.",
  429: "Too many requests. `retry-after` says when to try again.",
  500: "The server failed.",
  503: "No model is loaded yet, or the server has too much to do. `retry-after` says when to try again.",
  507: "There is no room for another model.",
};
/** Refusals of every route: by keys and limits, where the server has them. */
const always = [401, 403, 429, 500, 503];

/** Returns the operation of a route by method and path, or undefined if the route is not described. */
export function operationsOf(contract: Contract): (method: string, path: string) => Operation | undefined {
  const described = operations(contract);
  return (method, path) => {
    const found = described[`${method} ${path}`];
    return found && operation(method, path, found);
  };
}

const predictionId = {
  name: "x-prediction-id",
  in: "header",
  required: false,
  schema: { type: "string", minLength: 1, maxLength: 200, pattern: "^[\\x21-\\x7e]+$" },
  description: "An id of your own for the prediction, for the feedback that comes later.",
};

function operation(
  method: string,
  path: string,
  { summary, description, tag, query = {}, body, answer, refusals = [], refused }: Described,
): Operation {
  const parameters = [
    ...Object.entries(query).map(([name, rest]) => ({ name, in: "query", required: false, ...rest })),
    ...(body === undefined || path === "/models" ? [] : [predictionId]),
  ];
  const forms = [refused, path.startsWith("/v2") ? ref("InferError") : undefined, ref("Error")];
  const anyOf = forms.filter((form) => form !== undefined);
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      200: {
        description: "The answer.",
        content: contentOf(isByType(answer) ? answer : { "application/json": answer }),
      },
      ...Object.fromEntries(
        [...new Set([...refusals, ...always])].map((status) => [
          status,
          {
            description: meanings[status] ?? "The request was refused.",
            content: contentOf({ "application/json": { anyOf } }),
          },
        ]),
      ),
    },
  };
}

const isByType = (answer: Described["answer"]): answer is Readonly<Record<`${string}/${string}`, Schema>> =>
  Object.keys(answer).every((name) => name.includes("/"));

const contentOf = (forms: Readonly<Record<string, Schema>>): Schema =>
  Object.fromEntries(Object.entries(forms).map(([type, schema]) => [type, { schema }]));

function operations(contract: Contract): Readonly<Partial<Record<string, Described>>> {
  const record = exampleRecord(contract);
  const features = contract.columns.filter(({ role }) => role === "feature");
  const probabilities = { schema: flag, description: "Add the probability of each class." };
  const explain = {
    schema: { type: "integer", minimum: 0, maximum: 100 },
    description: "Add this many reasons for the score, in words.",
  };
  const label = {
    schema: { type: "string", enum: contract.target?.classes ?? [] },
    description: "With `explain`: the class whose probability is explained; by default the positive one.",
  };
  const lines = { ...text, description: "One JSON record a line.", examples: [`${JSON.stringify(record)}\n`] };
  const cellOf = (column: Column): string =>
    column.kind === "boolean" ? (column.truthy[0] ?? "true") : String(record[column.name] ?? "");
  const table = [features.map(({ name }) => name), features.map(cellOf)];
  const csv = {
    ...text,
    description: "The columns under a header that names them, or the features in the contract's order.",
    examples: [`${table.map((cells) => cells.join(",")).join("\n")}\n`],
  };
  const csvAnswer = {
    ...text,
    description: "The positive class's probability, a line a record; NaN for one that breaks the contract.",
  };
  const linesAnswer = { ...text, description: "One JSON answer a line." };

  const predict: Described = {
    summary: "Score one customer",
    tag: "Scores",
    query: { probabilities, explain, class: label },
    body: { "application/json": { anyOf: [ref("Record"), ref("Features")] } },
    answer: ref("Prediction"),
    refusals: [400, 404, 413, 422],
  };
  const predictMany: Described = {
    summary: "Score many customers",
    description:
      "A record that breaks the contract has its own `error`; the others are scored. JSON lines are answered line by line while they arrive, with a line of totals at the end.",
    tag: "Scores",
    query: { probabilities },
    body: { "application/json": ref("Batch"), "application/x-ndjson": lines, "text/csv": csv },
    answer: { "application/json": ref("BatchPrediction"), "application/x-ndjson": linesAnswer, "text/csv": csvAnswer },
    refusals: [400, 404, 413],
  };
  const invoke: Described = {
    summary: "Score many customers, as SageMaker asks",
    tag: "SageMaker",
    body: { "application/json": ref("FilledBatch"), "application/jsonlines": lines, "text/csv": csv },
    answer: { "application/json": ref("BatchPrediction"), "application/x-ndjson": linesAnswer, "text/csv": csvAnswer },
    refusals: [400, 404, 413, 415],
  };
  const tensors = features.map((column) => ({
    name: column.name,
    datatype: datatypeOf(column),
    shape: [1],
    data: [record[column.name] ?? null],
  }));
  const binary = {
    ...text,
    description:
      "The same with tensors as bytes behind the JSON, whose length is in the header Inference-Header-Content-Length.",
  };
  const infer: Described = {
    summary: "Score many customers, by a tensor for each column",
    tag: "Open Inference Protocol",
    body: {
      "application/json": { ...ref("InferRequest"), examples: [{ inputs: tensors }] },
      "application/octet-stream": binary,
    },
    answer: { "application/json": ref("InferResponse"), "application/octet-stream": binary },
    refusals: [400, 404, 413, 422],
  };
  const metadata: Described = {
    summary: "The model's inputs and outputs",
    tag: "Open Inference Protocol",
    answer: ref("ModelMetadata"),
    refusals: [404],
  };
  const modelReady: Described = {
    summary: "Whether the model is ready",
    tag: "Open Inference Protocol",
    answer: object({ name: text, ready: flag }),
    refusals: [404],
  };
  const health: Described = { summary: "The server's state", tag: "Health", answer: ref("Health") };
  const info: Described = {
    summary: "Contract, target, threshold and inputs of the model",
    tag: "Models",
    answer: { type: "object" },
    refusals: [404],
  };
  return {
    "POST /predict": predict,
    "POST /models/{model}/predict": predict,
    "POST /batch-predict": predictMany,
    "POST /models/{model}/batch-predict": predictMany,
    "POST /invocations": invoke,
    "POST /models/{model}/invoke": invoke,
    "GET /live": { summary: "Whether the process lives", tag: "Health", answer: object({ status: text }) },
    "GET /ready": {
      summary: "Whether every model is loaded and warm",
      tag: "Health",
      answer: object({ status: text }),
      refused: object({ status: text }),
    },
    "GET /ping": {
      ...health,
      tag: "SageMaker",
      summary: "The server's state, as SageMaker asks",
      refused: object({ status: text }),
    },
    "GET /health": health,
    "GET /metrics": {
      summary: "Metrics in Prometheus' text format",
      tag: "Health",
      answer: { "text/plain": text },
      refusals: [404],
    },
    "GET /model-info": info,
    "POST /feedback": {
      summary: "Tell what became of predictions",
      description: "Outcomes, which may come late, and retention offers, by the predictions' ids.",
      tag: "Scores",
      body: {
        "application/json": object({
          feedback: list(
            object(
              { prediction_id: text, id: text, outcome: {}, time: text, recorded: text, treated: flag },
              "prediction_id",
              "id",
              "outcome",
              "time",
              "recorded",
              "treated",
            ),
          ),
        }),
      },
      answer: object({ accepted: number, refused: list(object({ index: number, message: text })) }, "refused"),
      refusals: [400, 413, 422],
    },
    "GET /models": { summary: "The models", tag: "Models", answer: object({ models: list(ref("Model")) }) },
    "GET /models/{model}": info,
    "POST /models": {
      summary: "Load a model",
      tag: "SageMaker",
      body: { "application/json": object({ model_name: text, url: text }) },
      answer: ref("Model"),
      refusals: [400, 409, 413, 507],
    },
    "DELETE /models/{model}": {
      summary: "Unload a model",
      tag: "SageMaker",
      answer: object({ model_name: text, unloaded: flag }),
      refusals: [404],
    },
    "GET /v2": {
      summary: "The server",
      tag: "Open Inference Protocol",
      answer: object({ name: text, version: text, extensions: list(text) }),
    },
    "GET /v2/health/live": {
      summary: "Whether the server lives",
      tag: "Open Inference Protocol",
      answer: object({ live: flag }),
    },
    "GET /v2/health/ready": {
      summary: "Whether every model is ready",
      tag: "Open Inference Protocol",
      answer: object({ ready: flag }),
      refusals: [400],
      refused: object({ ready: flag }),
    },
    "GET /v2/models/{model}": metadata,
    "GET /v2/models/{model}/ready": modelReady,
    "POST /v2/models/{model}/infer": infer,
    "GET /v2/models/{model}/versions/{version}": metadata,
    "GET /v2/models/{model}/versions/{version}/ready": modelReady,
    "POST /v2/models/{model}/versions/{version}/infer": infer,
    "GET /openapi.json": { summary: "This document", tag: "About", answer: { type: "object" } },
    "GET /docs": { summary: "A page to try the routes", tag: "About", answer: { "text/html": text } },
    "GET /": {
      summary: "The routes",
      tag: "About",
      answer: object({ service: text, endpoints: list(text) }),
    },
  };
}
