import { ChurnkitError } from "../../base/errors.js";
import type { StoredEntry } from "./history.js";
import type { RegistryBackend, RegistryState, VersionEntry } from "../registry-state.js";

/** A registry at one moment; the history newest first. */
export interface Moment<Entry extends VersionEntry> {
  readonly state: RegistryState<Entry>;
  readonly history: readonly StoredEntry[];
}

/** Attempts to find a moment without changes. */
const mostLooks = 100;

/**
 * Reads a registry's state with the matching history.
 *
 * @throws ChurnkitError STORE_FAILED if the changes never pause long enough to read both.
 */
export async function momentOf<Entry extends VersionEntry>(backend: RegistryBackend<Entry>): Promise<Moment<Entry>> {
  for (let looks = 0; looks < mostLooks; looks++) {
    const [before] = await backend.history(1);
    const state = await backend.read();
    const [after] = await backend.history(1);
    if (before?.entry.sha256 !== after?.entry.sha256) continue;
    const last = after?.entry.sequence ?? 0;
    return { state, history: (await backend.history(Infinity)).filter(({ entry }) => entry.sequence <= last) };
  }
  throw new ChurnkitError(
    "STORE_FAILED",
    `The registry was changed during each of ${mostLooks} attempts to read it together with its history. Try again when it is changed less often.`,
  );
}
