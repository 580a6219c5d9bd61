import { openBundle } from "../../src/model/score.js";

/** What the test page runs: fetches a bundle's archive and scores records. */
Object.assign(globalThis, {
  async scoreInBrowser(address: string, records: unknown[]): Promise<(number | null)[]> {
    const response = await fetch(address);
    const { scorer } = await openBundle(await response.arrayBuffer());
    return scorer.scoreRecords(records).map(({ probability }) => probability);
  },
});
