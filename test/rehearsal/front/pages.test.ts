import { describe, expect, it } from "vitest";
import { pageOf } from "../../../src/rehearsal/front/pages.js";

describe("pages of lists", () => {
  it("refuse sizes that would never end, and tokens that nobody gave", () => {
    expect(pageOf([1, 2, 3], { MaxResults: 2 })).toEqual({ items: [1, 2], NextToken: "2" });
    expect(pageOf([1, 2, 3], { MaxResults: 2, NextToken: "2" })).toEqual({ items: [3], NextToken: undefined });
    for (const asked of [
      { MaxResults: 0 },
      { MaxResults: -1 },
      { MaxResults: 1.5 },
      { NextToken: "x" },
      { NextToken: "-1" },
    ])
      expect(() => pageOf([1, 2, 3], asked)).toThrow(expect.objectContaining({ name: "ValidationException" }));
  });
});
