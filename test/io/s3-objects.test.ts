import { randomBytes } from "node:crypto";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { s3Objects, type S3Objects } from "../../src/io/store/s3/objects.js";
import type { ChurnkitError } from "../../src/base/errors.js";
import { uniform } from "../../src/base/random.js";
import { s3Servers } from "../helpers/aws.js";
import { budget } from "../helpers/budget.js";

const mebibyte = 1024 * 1024;
const origins = { input: "1", options: "a" };
const servers = await s3Servers("objects of S3 by any key");

describe.skipIf(servers.length === 0).each(servers)("objects on $name", (server) => {
  let bucket: string;
  let objects: S3Objects;
  beforeAll(async () => {
    bucket = await server.bucket();
    objects = await s3Objects({ bucket, client: server.client(), partBytes: 5 * mebibyte });
  });
  const bytesOf = async (key: string): Promise<Buffer> => Buffer.from((await objects.read(key)) ?? []);
  const uploads = async (): Promise<number> =>
    (await server.client().send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads?.length ?? 0;
  const pieces = [6, 1, 5, 2].map((size) => randomBytes(size * mebibyte));

  it("reads and writes any key, from the beginning or anywhere", async () => {
    const key = "day=2026-03-01/größe & more (1)+2.csv";
    expect(await objects.open(key)).toBeUndefined();
    expect(await objects.read(key)).toBeUndefined();
    await objects.write(key, Buffer.from("0123456789"));
    const source = await objects.open(key);
    expect(source?.size).toBe(10);
    expect(Buffer.from((await source?.at(3, 4)) ?? []).toString()).toBe("3456");
    await objects.write(key, Buffer.from("abcdefghij"));
    await expect(source?.at(0, 1)).rejects.toThrow(/replaced/);
    source?.close();
  });

  it("continues an upload with the parts that are noted, to the same bytes", async () => {
    const first = await objects.resumable("out/a b.csv", origins, { resume: true });
    expect(first.done).toBeUndefined();
    await first.append(pieces[0] as Buffer, { rows: 6 });
    await first.append(pieces[1] as Buffer, { rows: 7 });
    // As a kill would, it ends here: the second piece is in no part.
    const second = await objects.resumable("out/a b.csv", origins, { resume: true });
    expect(second.done).toEqual({ rows: 6 });
    expect(await objects.read("out/a b.csv")).toBeUndefined();
    for (const [i, piece] of pieces.slice(1).entries()) await second.append(piece, { rows: 7 + i });
    await second.finish();
    expect((await bytesOf("out/a b.csv")).equals(Buffer.concat(pieces))).toBe(true);
    expect(await objects.read("out/a b.csv.partial.json")).toBeUndefined();
    expect(await uploads()).toBe(0);
  });

  it("refuses to continue what was made of something else, begins anew without resume, and leaves nothing", async () => {
    const first = await objects.resumable("b.csv", origins, { resume: false });
    await first.append(pieces[0] as Buffer, { rows: 6 });
    await expect(objects.resumable("b.csv", { ...origins, input: "2" }, { resume: true })).rejects.toMatchObject({
      code: "CHECKPOINT_MISMATCH",
    });
    const second = await objects.resumable("b.csv", origins, { resume: false });
    expect(second.done).toBeUndefined();
    expect(await uploads()).toBe(0);
    await second.append(pieces[2] as Buffer, { rows: 5 });
    expect(await uploads()).toBe(1);
    await second.close(false);
    expect(await uploads()).toBe(0);
    expect((await objects.resumable("b.csv", origins, { resume: true })).done).toBeUndefined();
  });

  it("refuses to continue by a journal that cannot be read, and begins anew without resume", async () => {
    await objects.write("d.csv.partial.json", Buffer.from("{}"));
    await expect(objects.resumable("d.csv", origins, { resume: true })).rejects.toMatchObject({
      code: "CHECKPOINT_MISMATCH",
    });
    expect((await objects.resumable("d.csv", origins, { resume: false })).done).toBeUndefined();
  });

  it.each([
    { what: "that begin", begun: false, second: "1", resume: true },
    { what: "that continue one upload", begun: true, second: "1", resume: true },
    { what: "of which one continues and the other begins anew", begun: true, second: "1", resume: false },
    { what: "of other inputs", begun: false, second: "2", resume: true },
    { what: "of other inputs, of which one continues", begun: true, second: "2", resume: false },
  ])("leaves the bytes of one of two runs $what, never of both", async ({ what, begun, second, resume }) => {
    const made = { "1": pieces.slice(0, 3), "2": [5, 5, 1].map((size) => randomBytes(size * mebibyte)) };
    for (let round = 0; round < budget(2); round++) {
      const random = uniform(round);
      const key = `two/${what}/${round}.csv`;
      if (begun) {
        const killed = await objects.resumable(key, origins, { resume: false });
        await killed.append(made[1][0] as Buffer, { pieces: 1 });
      }
      const finished: string[] = [];
      /** A run in steps, after each of which the other may go on. */
      async function* run(input: "1" | "2", again: boolean): AsyncGenerator<void> {
        const file = await objects.resumable(key, { ...origins, input }, { resume: again });
        yield;
        for (let i = file.done?.["pieces"] ?? 0; i < made[input].length; i++) {
          await file.append(made[input][i] as Buffer, { pieces: i + 1 });
          yield;
        }
        await file.finish();
        finished.push(input);
      }
      const waiting = [run("1", true), run(second as "1" | "2", resume)];
      while (waiting.length > 0) {
        const at = Math.floor(random() * waiting.length);
        const done = await waiting[at]?.next().then(
          (step) => step.done === true,
          (error: unknown) => {
            expect(["STORE_FAILED", "CHECKPOINT_MISMATCH"]).toContain((error as ChurnkitError).code);
            return true;
          },
        );
        if (done) waiting.splice(at, 1);
      }
      expect(finished.length).toBeGreaterThan(0);
      const last = finished.at(-1) as "1" | "2";
      expect((await bytesOf(key)).equals(Buffer.concat(made[last]))).toBe(true);
    }
  });

  it("begins anew where the parts are gone", async () => {
    const first = await objects.resumable("c.csv", origins, { resume: true });
    await first.append(pieces[0] as Buffer, { rows: 6 });
    const journal = Buffer.from((await objects.read("c.csv.partial.json")) ?? []);
    await first.close(false);
    await objects.write("c.csv.partial.json", journal);
    const second = await objects.resumable("c.csv", origins, { resume: true });
    expect(second.done).toBeUndefined();
    await second.append(Buffer.from("small"), { rows: 1 });
    await second.finish();
    expect((await bytesOf("c.csv")).toString()).toBe("small");
    expect(await objects.read("c.csv.partial.json")).toBeUndefined();
  });
});
