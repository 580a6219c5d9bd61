import { expect, it } from "vitest";
import { counted } from "../../src/base/counted.js";

it("says one of a thing, and many", () => {
  expect([0, 1, 2].map((count) => counted(count, "bundle folder"))).toEqual([
    "0 bundle folders",
    "1 bundle folder",
    "2 bundle folders",
  ]);
  expect(counted(1, "entry", "entries") + counted(3, "entry", "entries")).toBe("1 entry3 entries");
});
