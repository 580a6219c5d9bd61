import { describe, expect, it } from "vitest";
import { heartbeat, isAlive } from "../../../src/monitor/retraining/heartbeat.js";
import { memoryStore } from "../../../src/io/store/memory-store.js";

const now = new Date("2026-11-21T12:00:00Z");
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

describe("heartbeat", () => {
  it("is alive for twice its interval", async () => {
    const store = memoryStore();
    expect(await isAlive(store, "drift", { now })).toEqual({
      alive: false,
      last: null,
      message: "drift has never sent a heartbeat",
    });
    const beat = await heartbeat(store, { monitor: "drift", everySeconds: 60, detail: "all is well", now });
    expect(await isAlive(store, "drift", { now: later(120) })).toMatchObject({ alive: true, last: beat });
    expect(await isAlive(store, "drift", { now: later(120.001) })).toMatchObject({
      alive: false,
      message: "drift sent its last heartbeat 120 s ago, at 2026-11-21T12:00:00.000Z; it is due every 60 s",
    });
    expect(await isAlive(store, "drift", { now: later(120.001), grace: 3 })).toMatchObject({ alive: true });
    expect(await isAlive(store, "drift", { now: later(-5) })).toMatchObject({ alive: true });
    await heartbeat(store, { monitor: "drift", everySeconds: 60, now: later(100) });
    expect(await isAlive(store, "drift", { now: later(150) })).toMatchObject({ alive: true, last: { detail: "" } });
    expect(await isAlive(store, "quality", { now })).toMatchObject({ alive: false });
  });

  it("is not alive for years because of one beat under a wrong clock", async () => {
    const store = memoryStore();
    await heartbeat(store, { monitor: "drift", everySeconds: 60, now: later(31_536_000) });
    expect(await isAlive(store, "drift", { now })).toMatchObject({
      alive: false,
      message: expect.stringContaining("is in the future") as string,
    });
    expect(await isAlive(store, "drift", { now: later(31_536_000) })).toMatchObject({ alive: true });
  });

  it("refuses what it cannot keep or read", async () => {
    const store = memoryStore();
    await expect(heartbeat(store, { monitor: "../x", everySeconds: 60 })).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
    for (const everySeconds of [NaN, 0, -1, Infinity])
      await expect(heartbeat(store, { monitor: "x", everySeconds })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    for (const grace of [NaN, 0])
      await expect(isAlive(store, "x", { grace })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    for (const text of [
      "",
      "{}",
      '{"format":"churnkit-heartbeat","monitor":"x","at":"yesterday","everySeconds":1,"detail":""}',
    ]) {
      await store.put("heartbeats/x.json", new TextEncoder().encode(text));
      await expect(isAlive(store, "x")).rejects.toMatchObject({ code: "STATE_CORRUPT" });
    }
  });
});
