import { filesStore } from "../../src/io/store/files/files-store.js";

/** Adds one to a number `times` times by compare-and-swap: `folder key times`. */
const [folder = "", key = "", times = "0"] = process.argv.slice(2);
const store = filesStore(folder);
async function once(): Promise<void> {
  for (;;) {
    const found = await store.get(key);
    const next = Number(found === undefined ? 0 : new TextDecoder().decode(found.bytes)) + 1;
    try {
      await store.put(key, new TextEncoder().encode(String(next)), { ifVersion: found?.version ?? null });
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "STORE_CONFLICT") throw error;
    }
  }
}
async function several(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await once();
    if (i === 0) console.log("at work");
  }
}
await Promise.all(Array.from({ length: 5 }, () => several(Number(times) / 5)));
