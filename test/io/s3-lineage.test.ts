import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fateOf, newWrite, type KnownVersion, type Write } from "../../src/io/store/s3/lineage.js";

const version = (write: Write): KnownVersion => ({ version: `"${write.name}"`, lineage: write.lineage });

describe("lineage", () => {
  it("tells every write that happened from one that did not, as far back as it is kept", () => {
    const start = fc.constantFrom<KnownVersion | null>(
      null,
      { version: '"0123abcd-2"', lineage: "" },
      { version: '"e"', lineage: "new.abc" },
    );
    fc.assert(
      fc.property(start, fc.nat({ max: 40 }), fc.boolean(), (base, others, happened) => {
        const ours = newWrite(base);
        let now: KnownVersion | null = happened ? version(ours) : base;
        for (let i = 0; i < others; i++) now = version(newWrite(now));
        const fate = fateOf(ours, now ?? undefined);
        if (now === null) expect(fate).toBe("unknown");
        else if (happened) expect(fate).toBe(others === 0 ? "current" : others < 32 ? "replaced" : "unknown");
        else expect(fate).toBe(others < 32 ? "not written" : "unknown");
      }),
    );
  });

  it("tells nothing where something was written without regard to what was there", () => {
    const ours = newWrite({ version: '"a"', lineage: "new.a" });
    expect(fateOf(ours, version(newWrite(undefined)))).toBe("unknown");
    expect(fateOf(ours, { version: '"b"', lineage: "" })).toBe("unknown");
    expect(fateOf(newWrite(undefined), version(newWrite(undefined)))).toBe("unknown");
  });

  it("fits into an object's metadata", () => {
    let now: KnownVersion | null = null;
    for (let i = 0; i < 100; i++) now = version(newWrite(now));
    expect(now?.lineage).toMatch(/^[\w.-]+$/);
    expect(now?.lineage.length).toBeLessThan(500);
  });
});
