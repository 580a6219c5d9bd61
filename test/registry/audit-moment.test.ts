import { describe, expect, it } from "vitest";
import { auditRegistry } from "../../src/registry/history/audit.js";
import type { RegistryBackend, VersionEntry } from "../../src/registry/registry-state.js";

/** A registry without versions, changed between all looks at its history until there were so many. */
function restless(changes: number): RegistryBackend<VersionEntry> {
  let sequence = 0;
  const backend: Pick<RegistryBackend<VersionEntry>, "capabilities" | "read" | "history" | "abandoned"> = {
    capabilities: { compareAndSwap: true, history: true, remove: true },
    abandoned: () => Promise.resolve([]),
    read: () => Promise.resolve({ versions: [], aliases: [] }),
    history: () => {
      sequence = Math.min(sequence + 1, changes);
      const entry = {
        sequence,
        action: "refuse",
        version: 1,
        by: "ada",
        at: "2026-01-01T00:00:00.000Z",
        previous: null,
        sha256: String(sequence),
      } as const;
      return Promise.resolve(sequence === 0 ? [] : [{ entry, bytes: new Uint8Array() }]);
    },
  };
  return backend as RegistryBackend<VersionEntry>;
}

describe("an audit of a registry that changes all the time", () => {
  it("waits for a moment between two changes", async () => {
    expect(await auditRegistry(restless(40), {})).toMatchObject({ entries: 1, head: "40" });
  });

  it("ends, and says why, where there is none: that is no finding", async () => {
    await expect(auditRegistry(restless(Infinity), {})).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("changed during each of 100 attempts") as string,
    });
  });
});
