import { describe, expect, it } from "vitest";
import { openBudget } from "../../src/model/budget.js";

describe("openBudget", () => {
  it("is spent when its seconds are over, for code that never waits too", () => {
    const budget = openBudget({ seconds: 0.005 });
    expect(budget.name).toBe("the budget of 0.005 s");
    while (budget.left > 0);
    expect(budget.spent).toBe(true);
  });

  it("is spent at once when its stop signal is aborted", () => {
    const stop = new AbortController();
    const budget = openBudget({ seconds: 1000, stop: stop.signal });
    expect([budget.spent, budget.signal.aborted]).toEqual([false, false]);
    stop.abort();
    expect([budget.spent, budget.left, budget.signal.aborted]).toEqual([true, 0, true]);
    expect(budget.name).toBe("the request to stop");
  });

  it("has no end without a limit", () => {
    expect(openBudget({}).left).toBe(Infinity);
  });

  it.each([0, -1, NaN, Infinity, 1e10])("refuses %s seconds", (seconds) => {
    expect(() => openBudget({ seconds })).toThrow(/The budget is/);
  });
});
