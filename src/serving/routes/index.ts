import { json } from "../http.js";
import { healthRoutes } from "./health.js";
import { modelInfoRoutes } from "./model-info.js";
import { predictRoutes } from "./predict.js";
import { readBody } from "../bodies/index.js";
import { get, post, routerOf, type Route, type Router } from "./route.js";
import { foundIn, noModel, type Service } from "./service.js";

export { serviceOf } from "./service.js";

/** The one table of a server's routes. */
export function routesOf(service: Service): Router {
  const { models, desk } = service;
  const invocations: Route["answer"] = async (request, parts) => {
    const body = await readBody(request);
    const { predictInvocation } = await import("./invocations.js");
    const found = foundIn(service, parts);
    if (found === undefined) return noModel(service, parts);
    return service.inTurn((giveWay) => predictInvocation(desk(found).scoring, request, body, giveWay));
  };
  const index = get("/", () => {
    const model = models.find();
    const endpoints = [...new Set(table.map(({ path }) => path))];
    return json(200, { service: "churnkit", ...(model && desk(model).origin), endpoints });
  });
  const table: readonly Route[] = [
    ...predictRoutes(service),
    post("/invocations", invocations),
    ...healthRoutes(service),
    ...modelInfoRoutes(service),
    index,
  ];
  return routerOf(table);
}
