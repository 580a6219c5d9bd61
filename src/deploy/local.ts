import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import type { Deployer, DeployRequest, Deployment } from "./deployer.js";

export interface LocalDeployerOptions {
  /** How long a new process may take until it is healthy, in milliseconds. Default 20,000. */
  readonly timeout?: number;
}

interface Running extends Deployment {
  readonly process: ChildProcess;
}

/**
 * Serves each deployment in a process of its own on this machine: starts the new one on a free port, waits until
 * /health answers with the version asked for, switches, then ends the former one.
 *
 * @example
 * ```ts
 * import { localDeployer } from "churnkit/deploy";
 *
 * const deployer = localDeployer();
 * console.assert((await deployer.current("churn")) === undefined);
 * ```
 */
export function localDeployer(options: LocalDeployerOptions = {}): Deployer {
  const { timeout = 20_000 } = options;
  const running = new Map<string, Running>();
  const end = (one: Running | undefined): void => void one?.process.kill("SIGTERM");
  // Endpoints live as long as the process that deployed them.
  process.once("exit", () => running.forEach(end));
  return {
    async deploy(request) {
      const fresh = await start(request, timeout);
      const former = running.get(request.name);
      running.set(request.name, fresh);
      end(former);
      return describe(fresh);
    },
    current: (name) => {
      const one = running.get(name);
      return Promise.resolve(one && describe(one));
    },
    remove: (name) => {
      end(running.get(name));
      running.delete(name);
      return Promise.resolve();
    },
  };
}

const describe = ({ name, version, bundle, url }: Running): Deployment => ({ name, version, bundle, url });

async function start(request: DeployRequest, timeout: number): Promise<Running> {
  const cli = join(dirname(createRequire(import.meta.url).resolve("churnkit/package.json")), "dist/cli.js");
  const child = spawn(
    process.execPath,
    [cli, "serve", request.bundle, "--port", "0", "--name", request.name, "--model-version", request.version, "--json"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  try {
    const url = await urlOf(child, timeout);
    const health = (await (await fetch(`${url}/health`, { signal: AbortSignal.timeout(timeout) })).json()) as Record<string, unknown>;
    if (health["status"] !== "ok" || health["model_version"] !== request.version) {
      throw new Error(`/health answered ${JSON.stringify(health).slice(0, 200)}`);
    }
    return { ...request, url, process: child };
  } catch (cause) {
    child.kill("SIGKILL");
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChurnkitError(
      "DEPLOY_FAILED",
      `Version ${request.version} of ${request.name} did not become healthy (${reason}). What was on duty still is; check the bundle ${request.bundle}.`,
      { cause },
    );
  }
}

/** The address that `churnkit serve --json` prints once it listens. */
function urlOf(child: ChildProcess, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    const timer = setTimeout(() => reject(new Error(`it did not start within ${timeout} ms`)), timeout);
    child.stderr?.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-500)));
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const line = output.split("\n", 1)[0];
      if (!output.includes("\n") || line === undefined) return;
      clearTimeout(timer);
      resolve((JSON.parse(line) as { url: string }).url);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`it ended with code ${code ?? "none"}: ${errors.trim()}`));
    });
  });
}
