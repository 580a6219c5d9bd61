import { ChurnkitError } from "../../base/errors.js";
import type { Shares, Traffic } from "../rollout/ports.js";
import { checkHealth } from "../serve-process.js";
import type { Routes, Served } from "./routes.js";

const healthWithin = 5000;

/** The traffic between two versions behind a router. */
export function trafficBetween(routes: Routes, stable: Served, candidate: Served): Traffic {
  const both = { stable, candidate, share: 0, mirrored: false };
  return {
    read() {
      const { stable: one, candidate: other, share } = routes.split();
      return Promise.resolve<Shares>({ [one.version]: 1 - share, ...(other && { [other.version]: share }) });
    },
    async set(share) {
      if (!(share >= 0 && share <= 1))
        throw new ChurnkitError("OPTION_INVALID", `The candidate's share is ${share}. Give a share from 0 to 1.`);
      if (share > 0) await checkUp(candidate);
      if (share < 1) await checkUp(stable);
      routes.change({ ...both, share });
    },
    async mirror() {
      await checkUp(candidate);
      routes.change({ ...both, mirrored: true });
    },
    async end(winner) {
      const [kept, gone] = winner === "candidate" ? [candidate, stable] : [stable, candidate];
      // The stable version is the way back: it gets everything even where it is not healthy either.
      if (winner === "candidate") await checkUp(candidate);
      routes.change({ stable: kept, candidate: undefined, share: 0, mirrored: false });
      await routes.drained(gone);
    },
  };
}

/** @throws ChurnkitError DEPLOY_FAILED for a version that is not up. */
async function checkUp({ url, version }: Served): Promise<void> {
  try {
    await checkHealth(url, version, AbortSignal.timeout(healthWithin));
  } catch (cause) {
    throw new ChurnkitError(
      "DEPLOY_FAILED",
      `Version ${version} at ${url} gets no traffic, since it is not healthy: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
