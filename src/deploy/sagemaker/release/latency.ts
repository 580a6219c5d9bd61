import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ChurnkitError } from "../../../base/errors.js";
import { packSource } from "../../../model/bundle/index.js";
import type { ModelRegistry } from "../../../registry/index.js";
import { quantileOfSorted } from "../../../stats/ranks/index.js";
import { localDeployer } from "../../local.js";

/** Milliseconds that a request of one record takes, on this machine. */
export interface MeasuredLatency {
  readonly p50: number;
  readonly p99: number;
  /** Requests that were answered with a score. */
  readonly requests: number;
}

const warmUp = 50;

/**
 * Serves a version in a process on this machine, as the container does, and times requests one after the other.
 *
 * @param records of customers, at least one; they are asked in turn.
 * @throws ChurnkitError DEPLOY_FAILED when the version does not become healthy, SERVICE_FAILED when it answers with a 5xx,
 * VALUE_INVALID when it refuses every record.
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
      // A record that is refused takes less time than one that is scored.
      if (i >= 0 && answer.ok) times.push(performance.now() - began);
    }
    if (times.length === 0)
      throw new ChurnkitError(
        "VALUE_INVALID",
        `Version ${version} refuses every record, so its latency cannot be measured. Give records of its contract.`,
      );
    const sorted = Float64Array.from(times).sort();
    return { p50: quantileOfSorted(sorted, 0.5), p99: quantileOfSorted(sorted, 0.99), requests: times.length };
  } finally {
    await deployer.remove(name);
    await rm(folder, { recursive: true, force: true });
  }
}
