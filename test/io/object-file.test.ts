import { createHash, randomBytes } from "node:crypto";
import { fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { hashNow, openStream, readObject, writeHashed } from "../../src/io/store/files/object-file.js";
import { newFolder } from "../helpers/folder.js";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("object files", () => {
  it.each([0, 1, 65_536, 262_144, 262_145, 1_000_003])("are written, hashed and read whole: %i bytes", async (size) => {
    const file = join(newFolder(), "a");
    const bytes = Uint8Array.from(randomBytes(size));
    for (const piece of [size + 1, 50_021, 300_000]) {
      const parts = Array.from({ length: Math.ceil(size / piece) }, (_, i) =>
        bytes.subarray(i * piece, (i + 1) * piece),
      );
      expect(await writeHashed(openSync(file, "w"), parts)).toBe(sha256(bytes));
      expect(Buffer.compare(readFileSync(file), bytes)).toBe(0);
    }
    expect(Buffer.compare(await readObject(file), bytes)).toBe(0);
    expect(hashNow(file)).toBe(sha256(bytes));
  });

  it("are written as the bytes are when they are asked for, one part after the other", async () => {
    const file = join(newFolder(), "a");
    const part = new Uint8Array(1000);
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 1; i <= 400; i++) {
        part.fill(i);
        yield await Promise.resolve(part);
      }
    };
    await writeHashed(openSync(file, "w"), parts());
    const written = readFileSync(file);
    expect(Array.from({ length: 400 }, (_, i) => [written[i * 1000], written[i * 1000 + 999]])).toEqual(
      Array.from({ length: 400 }, (_, i) => [(i + 1) % 256, (i + 1) % 256]),
    );
  });

  it("close their file also when the content breaks", async () => {
    const file = openSync(join(newFolder(), "a"), "w");
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(new Uint8Array(1));
      throw new Error("the source broke");
    };
    await expect(writeHashed(file, broken())).rejects.toThrow("the source broke");
    expect(() => fstatSync(file)).toThrow("EBADF");
  });

  it("are no folders, and fail where they are none", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "a"));
    await expect(readObject(join(folder, "a"))).rejects.toMatchObject({ code: "EISDIR" });
    await expect(readObject(join(folder, "b"))).rejects.toMatchObject({ code: "ENOENT" });
    writeFileSync(join(folder, "empty"), "");
    expect(await readObject(join(folder, "empty"))).toEqual(new Uint8Array(0));
  });

  it.runIf(process.platform === "linux")("are closed when their stream ends, is left, or is garbage", async () => {
    const file = join(newFolder(), "a");
    writeFileSync(file, randomBytes(600_000));
    const open = (): number =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === file;
        } catch {
          return false;
        }
      }).length;
    const whole = await openStream(file);
    expect([whole.size, open()]).toEqual([600_000, 1]);
    let bytes = 0;
    for await (const part of whole.stream) bytes += part.length;
    expect([bytes, open()]).toEqual([600_000, 0]);
    for await (const part of (await openStream(file)).stream) if (part.length > 0) break;
    expect(open()).toBe(0);
    await (async () => {
      await openStream(file);
      const begun = (await openStream(file)).stream[Symbol.asyncIterator]();
      await begun.next();
      expect(open()).toBe(2);
    })();
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await vi.waitFor(() => {
      collect();
      expect(open()).toBe(0);
    }, 5_000);
  });
});
