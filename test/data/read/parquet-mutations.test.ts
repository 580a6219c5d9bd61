import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { parquetLines } from "../../../src/data/read/parquet-file.js";
import { budget } from "../../helpers/budget.js";
import { newFolder } from "../../helpers/folder.js";
import { leftBehind } from "../../helpers/faults.js";

/** How many damaged files are read. */
const mutations = budget(1000);
const seed = Number(process.env["CHURNKIT_PARQUET_SEED"] ?? 1);

// Written by pyarrow: pages of both versions, plain, dictionary, delta and split encodings, not packed, snappy, gzip, brotli, zstd.
const fixtures = join(import.meta.dirname, "parquet");
const originals = readdirSync(fixtures).map((name) => ({
  name,
  bytes: new Uint8Array(readFileSync(join(fixtures, name))),
}));

type Random = () => number;
type Bytes = Uint8Array<ArrayBuffer>;
const below = (random: Random, count: number): number => Math.floor(random() * count);

/** A place in the footer or, more often, among the pages; their headers are few bytes, so that some are always hit. */
function place(bytes: Bytes, random: Random): number {
  const footer = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 8, true);
  const pages = bytes.length - 8 - footer;
  const where = random();
  return where < 0.4
    ? pages + below(random, footer)
    : where < 0.97
      ? below(random, pages)
      : bytes.length - 1 - below(random, 8);
}

const hostile = [0, 1, 0x7f, 0x80, 0xff, 0x15, 0x16, 0x19, 0x2c];
const changes: readonly ((bytes: Bytes, at: number, random: Random) => Bytes)[] = [
  (bytes, at, random) => bytes.fill((bytes[at] as number) ^ (1 << below(random, 8)), at, at + 1),
  (bytes, at, random) => bytes.fill(below(random, 256), at, at + 1),
  (bytes, at, random) => bytes.fill(hostile[below(random, hostile.length)] as number, at, at + 1 + below(random, 6)),
  // A number in the notation of headers, as large as four or nine bytes can say.
  (bytes, at, random) => bytes.fill(0xff, at, at + (random() < 0.5 ? 4 : 9)).fill(0x7f, at + 4, at + 5),
  (bytes, at, random) => bytes.copyWithin(at, below(random, bytes.length), at + below(random, 64)),
  (bytes, at, random) => Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + below(random, 16))]),
  (bytes, at, random) => Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at - below(random, 16))]),
];

function mutated(original: Bytes, random: Random): Bytes {
  let bytes = original.slice();
  for (let left = 1 + below(random, 3); left > 0 && bytes.length > 64; left--) {
    const at = Math.min(place(original, random), bytes.length - 1);
    bytes = (changes[below(random, changes.length)] as (typeof changes)[number])(bytes, at, random);
  }
  return bytes;
}

describe("damaged Parquet files", () => {
  it("are read or refused with one clear error, soon and in little memory (some ended the process, others never ended)", async () => {
    const file = join(newFolder(), "damaged.parquet");
    const random = uniform(seed);
    const codes = new Map<string, number>();
    const started = process.cpuUsage();
    let slowest = 0;
    const unobserved = await leftBehind(async () => {
      for (let i = 0; i < mutations; i++) {
        const original = originals[i % originals.length] as (typeof originals)[number];
        writeFileSync(file, mutated(original.bytes, random));
        const before = process.cpuUsage();
        let code = "read";
        try {
          for await (const lines of parquetLines(file)) void lines;
        } catch (error) {
          if (!ChurnkitError.isInstance(error))
            throw new Error(`mutation ${i} of ${original.name}, seed ${seed}`, { cause: error });
          code = error.code;
          expect(error.message).toMatch(/^[^\n]+$/);
        }
        codes.set(code, (codes.get(code) ?? 0) + 1);
        const { user, system } = process.cpuUsage(before);
        slowest = Math.max(slowest, user + system);
      }
    });
    const { user, system } = process.cpuUsage(started);
    const summary = `${JSON.stringify(Object.fromEntries(codes))}, ${(user + system) / 1e6} s, slowest ${slowest / 1e6} s, at most ${process.resourceUsage().maxRSS / 1024} MiB`;
    expect(unobserved).toEqual([]);
    expect(
      [...codes.keys()].filter(
        (code) => !["read", "INPUT_MALFORMED", "INPUT_UNSUPPORTED", "INPUT_TOO_LARGE"].includes(code),
      ),
      summary,
    ).toEqual([]);
    // Both must come, or the mutations are no test.
    expect(codes.get("read")).toBeGreaterThan(0);
    expect(codes.get("INPUT_MALFORMED")).toBeGreaterThan(mutations / 4);
    // Processor time of a file of a few kilobytes: far below this, unless its counts are believed.
    expect(slowest / 1e6, summary).toBeLessThan(5);
  }, 3_600_000);
});
