import { describe, expect, it } from "vitest";
import { sleep } from "../../src/base/async/clock.js";
import { keyedQueue, sharedReads } from "../../src/base/async/queue.js";

describe("keyedQueue", () => {
  it("runs one after the other for each key, and goes on after a failure", async () => {
    const turn = keyedQueue();
    const events: string[] = [];
    const work = (name: string, error?: Error) => async (): Promise<string> => {
      events.push(`${name} begins`);
      await sleep(2);
      events.push(`${name} ends`);
      if (error !== undefined) throw error;
      return name;
    };
    const results = await Promise.allSettled([
      turn("a", work("1")),
      turn("a", work("2", new Error("no"))),
      turn("b", work("x")),
      turn("a", work("3")),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(events.filter((event) => !event.startsWith("x"))).toEqual([
      "1 begins",
      "1 ends",
      "2 begins",
      "2 ends",
      "3 begins",
      "3 ends",
    ]);
    expect(events.indexOf("x begins")).toBeLessThan(events.indexOf("1 ends"));
  });
});

describe("sharedReads", () => {
  it("answers nobody with what was read before they asked", async () => {
    let value = 0;
    let reads = 0;
    const read = sharedReads(async () => {
      reads++;
      const found = value;
      await sleep(5);
      return found;
    });
    const early = [read("a"), read("a")];
    value = 1;
    const late = [read("a"), read("a"), read("a")];
    expect(await Promise.all(early)).toEqual([0, 1]);
    expect(await Promise.all(late)).toEqual([1, 1, 1]);
    expect(reads).toBe(2);
    value = 2;
    expect(await read("a")).toBe(2);
  });

  it("hands a failure to those who shared it only", async () => {
    let fail = true;
    const read = sharedReads(async (key) => {
      await sleep(1);
      if (fail) throw new Error(key);
      return key;
    });
    const first = read("a");
    const second = read("a");
    await expect(first).rejects.toThrow("a");
    fail = false;
    expect(await second).toBe("a");
    expect(await read("a")).toBe("a");
  });
});

describe("a sleep", () => {
  it("does not end at once where it is longer than a timer can be", async () => {
    const over = new AbortController();
    const long = sleep(2 ** 31, over.signal).then(
      () => "over",
      () => "aborted",
    );
    await sleep(20);
    over.abort();
    expect(await long).toBe("aborted");
  });
});
