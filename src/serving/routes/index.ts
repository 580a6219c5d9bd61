import { aboutRoutes } from "./about.js";
import { feedbackRoutes } from "./feedback.js";
import { healthRoutes } from "./health.js";
import { modelInfoRoutes } from "./model-info.js";
import { predictRoutes } from "./predict.js";
import { inferenceProtocolRoutes } from "./inference-protocol.js";
import { sageMakerRoutes } from "./sagemaker.js";
import { routerOf, type Route, type Router } from "./route.js";
import type { Service } from "./service.js";

export { serviceOf } from "./service.js";

/** The one table of a server's routes. */
export function routesOf(service: Service): Router {
  const table: readonly Route[] = [
    ...predictRoutes(service),
    ...feedbackRoutes(service),
    ...sageMakerRoutes(service),
    ...healthRoutes(service),
    ...modelInfoRoutes(service),
    ...inferenceProtocolRoutes(service),
    ...aboutRoutes(service, () => table),
  ];
  return routerOf(table);
}
