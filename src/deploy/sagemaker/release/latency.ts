import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ChurnkitError } from "../../../base/errors.js";
import { packSource } from "../../../model/bundle/index.js";
import type { ModelRegistry } from "../../../registry/index.js";
import { localDeployer } from "../../local.js";

/** Milliseconds that a request of one record takes, on this machine. */
export interface MeasuredLatency {
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
}

const warmUp = 50;

/**
 * Serves a version in a process on this machine, as the container does, and times requests one after the other.
 *
 * @param records of customers, at least one; they are asked in turn.
 * @throws ChurnkitError DEPLOY_FAILED when the version does not become healthy, SERVICE_FAILED when it answers with a 5xx.
 */
export async function measureLatency(
  registry: ModelRegistry,
  version: number,
  records: readonly unknown[],
  requests = 500,
): Promise<MeasuredLatency> {
  const folder = await mkdtemp(join(tmpdir(), "churnkit-latency-"));
  const deployer = localDeployer();
  const name = "candidate";
  try {
    const bundle = join(folder, "model.tar.gz");
    await pipeline(packSource(await registry.open(version)), createWriteStream(bundle));
    const { url } = await deployer.deploy({ name, version: String(version), bundle });
    const times: number[] = [];
    for (let i = -warmUp; i < requests; i++) {
      const body = JSON.stringify(records[(i + warmUp) % records.length]);
      const began = performance.now();
      const answer = await fetch(`${url}/predict`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      await answer.arrayBuffer();
      if (answer.status >= 500)
        throw new ChurnkitError(
          "SERVICE_FAILED",
          `Version ${version} answered a request with ${answer.status}. It is not fit for a release.`,
        );
      if (i >= 0) times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99), requests };
  } finally {
    await deployer.remove(name);
    await rm(folder, { recursive: true, force: true });
  }
}
