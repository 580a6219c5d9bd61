import { version as packageVersion } from "../base/version.js";
import { batchTurns } from "./batch-turns.js";
import { refuseEncoded, sentJson } from "./body.js";
import { failure, json, type Handler, type ServeRequest, type ServeResponse } from "./http.js";
import { predictBatch, predictOne, recordsOf, type Scoring } from "./predict.js";

interface GetRoute {
  readonly method: "GET";
  readonly answer: () => ServeResponse | Promise<ServeResponse>;
}
interface PostRoute {
  readonly method: "POST";
  readonly answer: (body: Uint8Array, request: ServeRequest) => ServeResponse | Promise<ServeResponse>;
}
type Route = GetRoute | PostRoute;

/**
 * The routes of a model's server, by path.
 *
 * @param origin said in every answer: name, version and source of the model.
 */
export function routesOf(scoring: Scoring, origin: Readonly<Record<string, string>>): ReadonlyMap<string, Route> {
  const { contract, decision } = scoring.scorer;
  const post = (answer: PostRoute["answer"]): PostRoute => ({ method: "POST", answer });
  const get = (answer: GetRoute["answer"]): GetRoute => ({ method: "GET", answer });
  const started = performance.now();
  const inTurn = batchTurns();

  const health = get(() =>
    json(200, {
      status: "ok",
      version: packageVersion,
      uptime_seconds: (performance.now() - started) / 1000,
      ...origin,
    }),
  );
  const modelInfo = once(() => {
    const inputs = contract.columns.filter(({ role }) => role === "feature");
    const { name, target } = contract;
    return json(200, { ...origin, contract: name, target, threshold: decision.threshold, inputs });
  });
  const index = once(() => json(200, { service: "churnkit", ...origin, endpoints: [...routes.keys()] }));
  const noMetrics = failure(404, { code: "REQUEST_INVALID", message: "This server keeps no metrics." });
  const predict = post((body, request) => {
    const sent = sentJson(request, body, contract, (record) => [record]);
    return predictOne(scoring, sent);
  });
  const predictMany = post((body, request) =>
    inTurn((giveWay) => {
      const sent = sentJson(request, body, contract, (value) => recordsOf(value, scoring.maxBatch));
      return predictBatch(scoring, sent, giveWay);
    }),
  );
  const invocations = post(async (body, request) => {
    const { predictInvocation } = await import("./invocations.js");
    return inTurn((giveWay) => predictInvocation(scoring, request, body, giveWay));
  });

  const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
    ["/predict", predict],
    ["/batch-predict", predictMany],
    ["/invocations", invocations],
    ["/ping", health],
    ["/health", health],
    ["/metrics", get(() => scoring.metrics?.render() ?? noMetrics)],
    ["/model-info", get(modelInfo)],
    ["/", get(index)],
  ]);
  return routes;
}

/** Answers by the route of a path. A body is read only where a route takes one. */
export const routed =
  (routes: ReadonlyMap<string, Route>): Handler =>
  async (request) => {
    const route = routes.get(request.path);
    if (!route) return nothingThere(request.path);
    if (!takes(route, request.method)) return wrongMethod(route, request);
    if (route.method === "GET") return route.answer();
    refuseEncoded(request);
    return route.answer(await request.body(), request);
  };

/** Makes an answer at its first use; it never changes. */
function once(make: () => ServeResponse): () => ServeResponse {
  let made: ServeResponse | undefined;
  return () => (made ??= make());
}

const takes = (route: Route, method: string): boolean =>
  method === route.method || (method === "HEAD" && route.method === "GET");

function nothingThere(path: string): ServeResponse {
  return failure(404, {
    code: "REQUEST_INVALID",
    message: `${path.slice(0, 100)} does not exist. GET / lists the endpoints.`,
  });
}

function wrongMethod(route: Route, { method, path }: ServeRequest): ServeResponse {
  const allow = route.method === "GET" ? "GET, HEAD" : "POST";
  return failure(
    405,
    { code: "REQUEST_INVALID", message: `${path} takes ${allow}, not ${method.slice(0, 20)}.` },
    { allow },
  );
}
