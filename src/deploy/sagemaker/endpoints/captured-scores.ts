import type { Contract } from "../../../data/contract/index.js";
import type { ObjectStore } from "../../../io/store/index.js";
import { captureLog, readCaptureLines } from "../../../monitor/index.js";

/** Where an endpoint captures requests and answers, and how they are read. */
export interface Captured {
  readonly store: Pick<ObjectStore, "list" | "getStream">;
  /** Folder of the configuration's captures in the store: `captured`. */
  readonly folder: string;
  /** What the requests keep. */
  readonly contract: () => Promise<Contract>;
}

const bins = 10;
/** The latest are read, at most so many. */
const mostScores = 20_000;
const [hour, day] = [3_600_000, 24 * 3_600_000];

/**
 * How many of the probabilities that a variant answered in a window fell into each of ten bins from 0 to 1. SageMaker writes captures some minutes
 * after the requests.
 */
export async function capturedScores(
  { store, folder, contract }: Captured,
  { endpoint, variant }: { readonly endpoint: string; readonly variant: string },
  since: number,
  until: number,
): Promise<readonly number[]> {
  const counts = new Array<number>(bins).fill(0);
  const options = { contract: await contract(), log: captureLog() };
  let seen = 0;
  for (let at = Math.floor(until / day) * day; at + day > since; at -= day) {
    const place = `${folder}/${endpoint}/${variant}/${new Date(at).toISOString().slice(0, 10).replaceAll("-", "/")}/`;
    const keys = (await store.list(place)).map(({ key }) => key).sort();
    for (const key of keys.reverse()) {
      if (seen >= mostScores) return counts;
      // The folder's name is the hour of the requests.
      if (at + (Number(key.slice(place.length, place.length + 2)) + 1) * hour <= since) break;
      const found = await store.getStream(key);
      if (found === undefined) continue;
      for await (const { at: time, probability } of readCaptureLines(found.stream, { ...options, source: key })) {
        const isWithin = Date.parse(time) >= since && Date.parse(time) <= until;
        if (probability === null || !isWithin) continue;
        const bin = Math.min(bins - 1, Math.floor(probability * bins));
        counts[bin] = (counts[bin] ?? 0) + 1;
        seen++;
      }
    }
  }
  return counts;
}
