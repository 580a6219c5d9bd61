import { version as packageVersion } from "../../base/version.js";
import { failure, json, type ServeResponse } from "../http.js";
import { get, type Route } from "./route.js";
import type { Service } from "./service.js";

/** Whether the process lives, whether its models are loaded and warm, and its metrics. */
export function healthRoutes({ models, metrics, desk }: Service): readonly Route[] {
  const started = performance.now();
  const health = (): ServeResponse => {
    const model = models.find();
    const problems = models.problems?.() ?? [];
    return json(200, {
      status: !models.ready() ? "loading" : problems.length > 0 ? "degraded" : "ok",
      version: packageVersion,
      uptime_seconds: (performance.now() - started) / 1000,
      ...(model && desk(model).origin),
      ...(problems.length > 0 ? { problems } : {}),
    });
  };
  const ready = (): ServeResponse =>
    models.ready() ? json(200, { status: "ready" }) : json(503, { status: "loading" }, { "retry-after": "1" });
  const noMetrics = failure(404, { code: "REQUEST_INVALID", message: "This server keeps no metrics." });
  return [
    get("/live", () => json(200, { status: "live" })),
    get("/ready", ready),
    get("/ping", () => (models.ready() ? health() : ready())),
    get("/health", health),
    get("/metrics", () => metrics?.render() ?? noMetrics),
  ];
}
