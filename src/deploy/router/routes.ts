import { placeOf } from "../../base/hash.js";
import type { Deployment } from "../deployer.js";
import type { VersionReadings } from "../rollout/ports.js";
import { keyOf, scoresIn } from "./body.js";
import { type Answered, type Buffered, forwarder } from "./forward.js";
import { measured, type Measured } from "./measured.js";

/** A version and where it is served. */
export type Served = Pick<Deployment, "version" | "url">;

/** Who gets what; replaced as a whole. */
export interface Split {
  readonly stable: Served;
  readonly candidate: Served | undefined;
  /** The candidate's share. */
  readonly share: number;
  /** The candidate gets copies of what the stable version answers. */
  readonly mirrored: boolean;
}

/** The versions behind a router. */
export interface Routes {
  split(): Split;
  change(split: Split): void;
  /** @throws Error when no version can be reached. */
  answer(sent: Buffered): Promise<Answered>;
  readings(version: string, since: number, until: number): VersionReadings;
  /** Waits for the requests under way at a version. */
  drained(served: Served): Promise<void>;
  close(): void;
}

/** Copies of requests under way at most. More are left out. */
const mostCopies = 64;

/** Routes by the hash of a body, or of a member of its record: see {@link keyOf}. */
export function routesOf(first: Served, by: string | undefined): Routes {
  const servers = forwarder();
  let split: Split = { stable: first, candidate: undefined, share: 0, mirrored: false };
  const versions = new Map<string, { readonly measured: Measured; readonly underWay: Set<Promise<unknown>> }>();
  const at = (version: string) => {
    const known = versions.get(version) ?? { measured: measured(), underWay: new Set() };
    versions.set(version, known);
    return known;
  };
  let copies = 0;

  /** Sends a request to a version, and measures its answer. */
  async function ask({ version, url }: Served, sent: Buffered): Promise<Answered> {
    const begin = performance.now();
    const note = (failed: boolean, scores: readonly number[]): void =>
      at(version).measured.add({ at: Date.now(), milliseconds: performance.now() - begin, failed, scores });
    const { underWay } = at(version);
    const asked = servers.send(url, sent);
    underWay.add(asked);
    try {
      const answer = await asked;
      note(answer.status >= 500, answer.status === 200 ? scoresIn(answer.body) : []);
      return answer;
    } catch (error) {
      note(true, []);
      throw error;
    } finally {
      underWay.delete(asked);
    }
  }

  function copyTo(candidate: Served, sent: Buffered): void {
    if (copies >= mostCopies) return;
    copies++;
    ask(candidate, sent)
      .catch(() => undefined)
      .finally(() => copies--);
  }

  return {
    split: () => split,
    change: (next) => {
      split = next;
    },
    async answer(sent) {
      const { stable, candidate, share, mirrored } = split;
      if (!isScoring(sent)) return servers.send(stable.url, sent);
      if (candidate === undefined) return ask(stable, sent);
      if (placeOf(`${candidate.version}\u0000${keyOf(sent.body, by)}`) < share)
        return ask(candidate, sent).catch(() => ask(stable, sent));
      if (mirrored) copyTo(candidate, sent);
      return ask(stable, sent);
    },
    readings: (version, since, until) => at(version).measured.read(since, until),
    async drained({ version }) {
      await Promise.allSettled(at(version).underWay);
    },
    close: () => servers.close(),
  };
}

/** What is split and measured: everything sent, except feedback, which the version that knows the prediction takes. */
const isScoring = ({ method, path }: Buffered): boolean => method === "POST" && !/\/feedback(\?|$)/.test(path);
