import { spawn } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../../src/rehearsal/clock.js";

const hour = 3_600_000;

describe("the virtual clock", () => {
  it("brings what is due in the order of time, and in the order of asking within a moment", async () => {
    const clock = virtualClock(0);
    const seen: string[] = [];
    const wait = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      seen.push(`${name} ${clock.now()}`);
    };
    await clock.until(Promise.all([wait("c", 3 * hour), wait("a", hour), wait("b", hour), wait("first", 0)]));
    expect(seen).toEqual(["first 0", `a ${hour}`, `b ${hour}`, `c ${3 * hour}`]);
  });

  it("passes a year of hourly waits quickly", async () => {
    const clock = virtualClock(0);
    let looks = 0;
    const look = async (): Promise<void> => {
      while (clock.now() < 365 * 24 * hour) {
        await clock.sleep(hour);
        looks++;
      }
    };
    await clock.until(look());
    expect(looks).toBe(8760);
  });

  it("stands still while files, requests and processes are under way", async () => {
    const clock = virtualClock(0);
    clock.at(1, () => undefined);
    const server = createServer((_, response) => void setTimeout(() => response.end("late"), 30)).listen(0);
    await once(server, "listening");
    const work = async (): Promise<number[]> => {
      const times = [clock.now()];
      const file = join(await mkdtemp(join(tmpdir(), "clock-")), "file");
      await writeFile(file, "x".repeat(1e6));
      await readFile(file);
      times.push(clock.now());
      await clock.during(() => once(spawn(process.execPath, ["-e", "setTimeout(() => {}, 50)"]), "exit"));
      times.push(clock.now());
      const { port } = server.address() as AddressInfo;
      await clock.during(() => fetch(`http://127.0.0.1:${port}`).then((response) => response.text()));
      times.push(clock.now());
      return times;
    };
    try {
      expect(await clock.until(work())).toEqual([0, 0, 0, 0]);
    } finally {
      server.close();
    }
  });

  it("ends a wait that was called off, with its reason", async () => {
    const clock = virtualClock(0);
    const controller = new AbortController();
    const waited = clock.sleep(hour, controller.signal);
    controller.abort(new Error("called off"));
    await expect(waited).rejects.toThrow("called off");
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow("called off");
    await clock.advanceTo(2 * hour);
    expect(clock.now()).toBe(2 * hour);
  });

  it("says that nothing will end a wait", async () => {
    const clock = virtualClock(0, { stuckAfter: 20 });
    await expect(clock.until(new Promise(() => undefined))).rejects.toMatchObject({ code: "JOB_FAILED" });
  });

  it("refuses a time that is no number, which would never come", async () => {
    const clock = virtualClock(0);
    expect(() => clock.at(NaN, () => undefined)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    await expect(clock.advanceTo(Date.parse("soon"))).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
