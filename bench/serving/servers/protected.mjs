// churnkit's server with all of its protection, or without its limit on load.
import { loadBundle } from "churnkit/model";
import {
  apiKeys,
  createHandler,
  listen,
  loadLimit,
  prometheusMetrics,
  rateLimit,
  requestIds,
  securityHeaders,
} from "churnkit/serving";
import { ready } from "./ready.mjs";

const { scorer } = await loadBundle(process.argv[2]);
const everybody = { find: () => ({ name: "bench", scopes: ["admin"], sha256: "" }) };
const withKey = (next) => (request) => next({ ...request, headers: { ...request.headers, "x-api-key": "ck_bench" } });
const middleware = [
  requestIds(),
  securityHeaders(),
  ...(process.argv[3] === "unlimited" ? [] : [loadLimit()]),
  withKey,
  apiKeys(everybody),
  rateLimit({ requests: 1_000_000 }),
];
const handler = createHandler(
  { scorer, name: "churn", version: "1", source: "local" },
  { metrics: prometheusMetrics("1"), middleware },
);
ready((await listen(handler, { port: 0 })).port);
