import { afterEach, describe, expect, it, vi } from "vitest";
import { memoryCache } from "../../src/serving/cache/index.js";

describe("a cache of answers in memory", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("keeps what was used last", () => {
    const cache = memoryCache(2);
    cache.set("a", "1");
    cache.set("b", "2");
    expect(cache.get("a")).toBe("1");
    cache.set("c", "3");
    expect(["a", "b", "c"].map((key) => cache.get(key))).toEqual(["1", undefined, "3"]);
  });

  it("keeps nothing longer than it may, however often it is used, and begins anew", () => {
    vi.useFakeTimers();
    const cache = memoryCache(100, 10);
    cache.set("a", "1");
    for (let second = 0; second < 9; second++) {
      vi.advanceTimersByTime(1000);
      expect(cache.get("a")).toBe("1");
    }
    cache.set("b", "2");
    vi.advanceTimersByTime(1000);
    expect([cache.get("a"), cache.get("b")]).toEqual([undefined, undefined]);
    cache.set("c", "3");
    vi.advanceTimersByTime(9000);
    expect(cache.get("c")).toBe("3");
  });

  it("needs nobody to ask, and lets the process end", () => {
    vi.useFakeTimers();
    const cache = memoryCache(100, 10);
    cache.set("a", "1");
    cache.set("b", "1");
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10_010);
    expect([vi.getTimerCount(), cache.get("a")]).toEqual([0, undefined]);
  });
});
