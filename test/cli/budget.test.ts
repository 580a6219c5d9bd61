import { expect, it } from "vitest";
import { durationOption } from "../../src/cli/budget.js";

it("reads times in days, hours, minutes and seconds", () => {
  expect(["1d", "2d12h", "1h30m", "90s", "0.5"].map(durationOption)).toEqual([86_400, 216_000, 5400, 90, 0.5]);
  for (const text of ["", "0", "0d", "1w", "1h1d", "-1", "d"])
    expect(() => durationOption(text), text).toThrow(/Give a time such as/);
});
