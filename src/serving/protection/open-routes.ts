/** Paths that tell a load balancer whether the server lives: never refused, and open without a key. */
const health: ReadonlySet<string> = new Set([
  "/live",
  "/ready",
  "/ping",
  "/health",
  "/v2/health/live",
  "/v2/health/ready",
]);

/** Whether a path is one of the health routes. */
export const isHealth = (path: string): boolean => health.has(path);
