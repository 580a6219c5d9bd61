import { describe, expect, it, vi } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";

describe("ChurnkitError", () => {
  it("knows an error of another copy of the class, and nothing else", async () => {
    vi.resetModules();
    const { ChurnkitError: Other } = await import("../../src/base/errors.js");
    expect(Other).not.toBe(ChurnkitError);
    const error = new Other("INPUT_EMPTY", "There is nothing.");
    expect(error instanceof ChurnkitError && ChurnkitError.isInstance(error)).toBe(true);
    for (const value of [new Error("no"), { code: "INPUT_EMPTY" }, null, undefined, "INPUT_EMPTY"]) {
      expect((value as unknown) instanceof ChurnkitError || ChurnkitError.isInstance(value)).toBe(false);
    }
  });
});
