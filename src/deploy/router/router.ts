import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readings, Traffic } from "../rollout/ports.js";
import { buffered, refuse } from "./body.js";
import { passedOn } from "./forward.js";
import { routesOf, type Served } from "./routes.js";
import { trafficBetween } from "./traffic.js";

/** Options of {@link localRouter}. */
export interface LocalRouterOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /**
   * The member of a record, such as the customer's id, whose value decides which version scores it, so that a customer keeps
   * theirs. A batch goes by its first record. Default: the whole body decides.
   */
  readonly by?: string;
}

/** One address in front of the servers of several versions. */
export interface LocalRouter {
  readonly url: string;
  /** The traffic between the version that has it now and a candidate, and what is measured of both, for `runRollout`. */
  rollout(candidate: Served): { readonly traffic: Traffic; readonly readings: Readings };
  /** Ends the address after the requests under way, at most 5 seconds later; the servers behind it go on. */
  close(): Promise<void>;
}

const closeWithin = 5000;

/**
 * One address on this machine in front of servers that others started, such as those of `localDeployer`. It can give a
 * candidate any share of the requests while it serves, by the hash of each record. If the candidate cannot be reached, the
 * stable version answers, and the request counts as an error of the candidate. POST requests are split and measured; others,
 * and feedback, go to the stable version. It holds each body in memory, since the record in it decides: one of more than 8 MiB is
 * refused with status 413. Send larger batches to a server itself.
 *
 * @throws whatever keeps the port from being opened.
 * @example
 * ```ts
 * import { localDeployer, localRouter, runRollout, type RolloutPlan } from "churnkit/deploy";
 * import { filesStore } from "churnkit/io";
 *
 * export async function release(bundles: readonly [string, string], plan: RolloutPlan): Promise<void> {
 *   const deployer = localDeployer();
 *   const router = await localRouter(
 *     await deployer.deploy({ name: "churn-1", version: "1", bundle: bundles[0] }),
 *     { port: 8080, by: "customerId" },
 *   );
 *   const candidate = await deployer.deploy({ name: "churn-2", version: "2", bundle: bundles[1] });
 *   const { end } = await runRollout({
 *     ...router.rollout(candidate),
 *     plan,
 *     candidate: "2",
 *     stable: "1",
 *     store: filesStore("rollouts"),
 *     key: "churn.json",
 *   });
 *   await deployer.remove(end?.winner === "candidate" ? "churn-1" : "churn-2");
 * }
 * ```
 */
export async function localRouter(first: Served, options: LocalRouterOptions = {}): Promise<LocalRouter> {
  const { port = 0, host = "127.0.0.1", by } = options;
  const routes = routesOf(first, by);
  const server = createServer((request, response) => {
    void buffered(request)
      .then((sent) => routes.answer(sent))
      .then(
        ({ status, headers, body }) => {
          if (!server.listening) response.setHeader("connection", "close");
          response.writeHead(status, { ...passedOn(headers), "content-length": body.length }).end(body);
        },
        (error: unknown) => refuse(response, error),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    rollout(candidate) {
      const { stable } = routes.split();
      return {
        traffic: trafficBetween(routes, stable, candidate),
        readings: {
          read: (since, until) =>
            Promise.resolve(
              Object.fromEntries(
                [stable, candidate].map(({ version }) => [version, routes.readings(version, since, until)]),
              ),
            ),
        },
      };
    },
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), closeWithin);
        server.close(() => {
          clearTimeout(timer);
          routes.close();
          resolve();
        });
      }),
  };
}
