import { describe, expect, it } from "vitest";
import { rememberTriggers } from "../../../src/monitor/retraining/observe.js";
import { defaultRetrainingPolicy as policy } from "../../../src/monitor/retraining/retraining-policy.js";
import { newRetrainingState, parseState, writeState } from "../../../src/monitor/retraining/retraining-state.js";
import { beginRun, endRun } from "../../../src/monitor/retraining/transitions.js";

const now = new Date("2026-11-21T12:00:00.000Z");
const full = (() => {
  const seen = rememberTriggers(
    policy,
    { ...newRetrainingState(now), stopped: { at: now.toISOString(), by: "ada", reason: "x" } },
    { psi: { value: 1 } },
    now,
  );
  const once = endRun(
    policy,
    beginRun(policy, seen, { id: "a", owner: "x" }, now),
    "a",
    { status: "succeeded", reference: "arn", cost: 2 },
    now,
  );
  return beginRun(
    policy,
    rememberTriggers(policy, once, { alarms: [{ name: "b" }] }, now),
    { id: "b", owner: "x" },
    now,
  );
})();
const json = (): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(writeState(full))) as Record<string, unknown>;
const parse = (value: unknown) => parseState("state.json", new TextEncoder().encode(JSON.stringify(value)));

describe("the state of retraining", () => {
  it("comes back as it was written", () => {
    expect(parseState("state.json", writeState(full))).toEqual(full);
    expect(parse(json())).toEqual(full);
  });

  it("refuses whatever else stands in its place", () => {
    const corrupt = expect.objectContaining({
      code: "STATE_CORRUPT",
      message: expect.stringContaining("state.json") as string,
    }) as Error;
    const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
      typeof value !== "object" || value === null
        ? [path]
        : [
            path,
            ...Object.entries(value).flatMap(([key, member]) =>
              places(member, [...path, Array.isArray(value) ? Number(key) : key]),
            ),
          ];
    const all = places(json()).filter((path) => path.length > 0);
    expect(all.length).toBeGreaterThan(30);
    for (const path of all) {
      const broken = json();
      let holder = broken as Record<string | number, unknown>;
      for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
      holder[path.at(-1) ?? ""] = { wrong: 1 };
      expect(() => parse(broken), path.join(".")).toThrow(corrupt);
    }
    for (const text of ["", "{", "null", "[]", '{"format":"churnkit-retraining","formatVersion":2}']) {
      expect(() => parseState("state.json", new TextEncoder().encode(text))).toThrow(corrupt);
    }
    expect(() => parse({ ...json(), since: "yesterday" })).toThrow(corrupt);
  });
});
