import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { hasher, hashJson, portableHasher, sha256Hex } from "../../src/base/hash.js";

const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

describe("SHA-256", () => {
  it("gives the standard's examples (FIPS 180-2, appendix B)", async () => {
    expect(await sha256Hex(bytes("abc"))).toBe(abc);
    expect(hasher().update("a").update(bytes("bc")).hex()).toBe(abc);
    const long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    expect(hasher().update(long).hex()).toBe("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  });

  it("is the same in JavaScript and by the platform", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array())), (parts) => {
        const [portable, native] = [portableHasher(), hasher()];
        for (const part of parts) {
          portable.update(part);
          native.update(part);
        }
        expect(portable.hex()).toBe(native.hex());
      }),
    );
  });

  it("of JSON does not depend on the order of keys", () => {
    expect(hashJson({ b: [1, null], a: "x" })).toBe(hashJson({ a: "x", b: [1, null], c: undefined }));
  });
});

describe("outside Node", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it.each([
    ["with the platform's hashing", globalThis.crypto],
    ["in a page that came over plain HTTP, which has none", {}],
  ])("%s the hashes are the same", async (_, crypto) => {
    vi.stubGlobal("process", Object.create(process, { getBuiltinModule: { value: undefined } }));
    vi.stubGlobal("crypto", crypto);
    vi.resetModules();
    const fresh = await import("../../src/base/hash.js");
    const hashed = [await fresh.sha256Hex(bytes("abc")), fresh.hasher().update("abc").hex(), fresh.hashJson([1])];
    vi.unstubAllGlobals();
    expect(hashed).toEqual([abc, abc, hashJson([1])]);
  });
});
