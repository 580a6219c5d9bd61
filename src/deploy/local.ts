import { keyedQueue } from "../base/async/index.js";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import type { Deployer, DeployRequest, Deployment } from "./deployer.js";
import { startServing, type ServeProcess, type ServeProcessOptions } from "./serve-process.js";

/** Time limits of {@link localDeployer}. */
export interface LocalDeployerOptions {
  /** How long a new process may take until it is healthy, in milliseconds. Default 20,000. */
  readonly timeout?: number;
  /**
   * How long a former process still serves after the switch, in milliseconds, for callers that asked for the address
   * just before. Default 1,000.
   */
  readonly drain?: number;
  /**
   * How long a process may take to end before it is killed, in milliseconds. Default 6,000: more than the server
   * gives to requests under way.
   */
  readonly grace?: number;
  /** The script of churnkit's command line; only a program that bundles churnkit must name it. */
  readonly cli?: string;
}

interface OnDuty {
  readonly deployment: Deployment;
  readonly server: ServeProcess;
}

/**
 * Serves each deployment in a separate process on this machine: starts the new one on a free port, waits until
 * /health answers with the requested version, switches, then ends the former one. The address changes with each
 * deployment: ask {@link Deployer.current}. Endpoints end with the process that deployed them, and do not keep it
 * from ending. An endpoint whose process died is no longer current.
 *
 * @throws ChurnkitError OPTION_INVALID for an option out of range.
 * @example
 * ```ts
 * import { localDeployer } from "churnkit/deploy";
 *
 * const deployer = localDeployer();
 * console.assert((await deployer.current("churn")) === undefined);
 * ```
 */
export function localDeployer(options: LocalDeployerOptions = {}): Deployer {
  const { timeout = 20_000, drain = 1000, grace = 6000 } = options;
  checkMilliseconds("timeout", timeout, 1);
  checkMilliseconds("drain", drain, 0);
  checkMilliseconds("grace", grace, 0);
  const onDuty = new Map<string, OnDuty>();
  const retiring = new Map<string, Set<ServeProcess>>();
  /** Changes of one endpoint happen one after the other, in the order of the calls. */
  const inTurn = keyedQueue();

  function retire(name: string, server: ServeProcess): void {
    const servers = retiring.get(name) ?? new Set();
    retiring.set(name, servers.add(server));
    setTimeout(server.end, drain).unref();
    server.onEnd(() => {
      servers.delete(server);
      if (servers.size === 0 && retiring.get(name) === servers) retiring.delete(name);
    });
  }

  async function deploy(request: DeployRequest): Promise<Deployment> {
    const { name, version, bundle } = request;
    const server = await healthy(request, { cli: options.cli ?? installedCli(), timeout, grace });
    const former = onDuty.get(name);
    const fresh: OnDuty = { deployment: { name, version, bundle, url: server.url }, server };
    onDuty.set(name, fresh);
    server.onEnd(() => {
      if (onDuty.get(name) === fresh) onDuty.delete(name);
    });
    if (former) retire(name, former.server);
    return fresh.deployment;
  }

  return {
    deploy: (request) => inTurn(request.name, () => deploy(request)),
    current: (name) => Promise.resolve(onDuty.get(name)?.deployment),
    remove: (name) =>
      inTurn(name, async () => {
        const current = onDuty.get(name);
        onDuty.delete(name);
        const servers = [...(current ? [current.server] : []), ...(retiring.get(name) ?? [])];
        await Promise.all(servers.map(stopped));
      }),
  };
}

/** Ends a process and waits until it is gone. */
const stopped = (server: ServeProcess): Promise<void> =>
  new Promise((resolve) => {
    server.onEnd(resolve);
    server.end();
  });

const installedCli = (): string =>
  join(dirname(createRequire(import.meta.url).resolve("churnkit/package.json")), "dist", "cli.js");

async function healthy(request: DeployRequest, options: ServeProcessOptions): Promise<ServeProcess> {
  try {
    return await startServing(request, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChurnkitError(
      "DEPLOY_FAILED",
      `Version ${request.version} of ${request.name} did not become healthy (${reason}). The previous version still serves. Check the bundle ${request.bundle}.`,
      { cause },
    );
  }
}

function checkMilliseconds(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${name} must be a whole number of milliseconds from ${least} to ${2 ** 31 - 1}, not ${value}.`,
  );
}
