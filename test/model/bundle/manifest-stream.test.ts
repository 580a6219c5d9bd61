import { expect, it } from "vitest";
import { bundleSource } from "../../../src/model/bundle/index.js";

it("a manifest without end is refused after 16 MiB, whatever the store says of its size, and its stream is closed", async () => {
  const seen = { closed: false, read: 0 };
  async function* endless(): AsyncGenerator<Uint8Array> {
    const part = new Uint8Array(2 ** 20);
    try {
      for (; ; seen.read++) yield await Promise.resolve(part);
    } finally {
      seen.closed = true;
    }
  }
  for (const size of [10, 2 ** 40]) {
    Object.assign(seen, { closed: false, read: 0 });
    const store = { name: "a store", getStream: () => Promise.resolve({ size, stream: endless() }) };
    await expect(bundleSource(store)).rejects.toThrow(/larger than any manifest/);
    expect(seen).toEqual({ closed: true, read: 16 });
  }
});
