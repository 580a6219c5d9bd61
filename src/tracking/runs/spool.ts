import { isConflict, quietly } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { sha256Hex } from "../../base/hash.js";
import { documentError, JsonValue, object, text, utf8Text } from "../../base/json/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import { contentBytes, readEntry, writeEntry, type RunEntry, type RunRef } from "./entries.js";
import { beyondLimits, type SpoolLimits, spoolLimits } from "./spool-limits.js";

/** Entries of one run that wait to be sent. */
export interface Waiting {
  readonly run: RunRef;
  entries(): Promise<RunEntry[]>;
  /** Forgets them. */
  remove(): Promise<void>;
}

/** Where entries wait that could not be sent to one place. */
export interface Spool {
  /** Keeps them; the oldest runs go if there is no room. */
  keep(run: RunRef, entries: readonly RunEntry[]): Promise<void>;
  /** What waits, run after run, each in order. */
  waiting(run?: RunRef): Promise<Waiting[]>;
  /** Before a run's entries are sent: gives the function that lets go of it; undefined while another process sends them. */
  claim(run: RunRef): Promise<(() => Promise<void>) | undefined>;
  /** Lets go of runs that have waited for too long. Gives their ids. */
  trim(): Promise<string[]>;
}

/** What a spool needs to know to let go of runs. */
export interface SpoolOptions {
  /** Runs of this process that are going on. */
  readonly open: ReadonlySet<string>;
  /** Hears of each run that went unsent. */
  readonly onProblem: ((message: string) => void) | undefined;
  readonly limits?: SpoolLimits | undefined;
}

const broken = documentError("STORE_FAILED", "The spooled entries", "Remove the file; its entries are lost.");
const header = object({ id: text(), experiment: text() });
const target = object({ url: text() });
const targetFile = "target.json";
const claimFile = "claim";
/** A process that was killed holds a run no longer than this. */
const heldMs = 120_000;

const folderOf = async (url: string): Promise<string> => (await sha256Hex(new TextEncoder().encode(url))).slice(0, 16);
const fileOf = (sequence: number): string => String(sequence).padStart(10, "0");

/**
 * A spool in a store: `<place>/<run>/<first sequence>.jsonl`, and a `.bin` for the content of each artifact, written before
 * the lines that name it.
 */
export function spoolIn(
  store: ObjectStore,
  url: string,
  { open, onProblem, limits = spoolLimits }: SpoolOptions,
): Spool {
  const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
  const named = folderOf(url);

  async function contentIn(folder: string, sequence: number, bytes: number): Promise<Uint8Array> {
    const key = `${folder}/${fileOf(sequence)}.bin`;
    const found = await store.get(key);
    if (found?.bytes.length !== bytes) throw broken(key, "do not have the artifact's content");
    return found.bytes;
  }

  async function read(key: string): Promise<{ readonly run: RunRef; readonly lines: readonly string[] } | undefined> {
    const found = await store.get(key);
    if (found === undefined) return undefined;
    const [first = "", ...lines] = utf8Text(found.bytes, key, broken).trimEnd().split("\n");
    return { run: header(JsonValue.parse(first, key, broken)), lines };
  }

  async function waitingAt(key: string): Promise<Waiting | undefined> {
    const folder = key.slice(0, key.lastIndexOf("/"));
    let found: Awaited<ReturnType<typeof read>>;
    try {
      found = await read(key);
    } catch (error) {
      // Other files must not wait for one that is broken.
      const run = { id: folder.slice(folder.lastIndexOf("/") + 1), experiment: "" };
      const entries = (): never => {
        throw error;
      };
      return { run, entries, remove: () => store.delete(key) };
    }
    const { lines = [] } = found ?? {};
    return (
      found && {
        run: found.run,
        entries: async () => {
          const entries: RunEntry[] = [];
          for (const line of lines)
            entries.push(await readEntry(line, key, broken, (sequence, bytes) => contentIn(folder, sequence, bytes)));
          return entries;
        },
        async remove() {
          await store.delete(key);
          // The contents that these lines named: they are not the last to go, so that a kill leaves no lines without them.
          for (const line of lines) {
            const [, sequence] = /^\{"sequence":(\d+),"event":\{"kind":"artifact"/.exec(line) ?? [];
            if (sequence !== undefined) await store.delete(`${folder}/${fileOf(Number(sequence))}.bin`);
          }
        },
      }
    );
  }

  async function makeRoom(bytes: number): Promise<string[]> {
    const dropped = beyondLimits(await store.list(`${await named}/`), bytes, open, limits);
    for (const { run, keys, reason } of dropped) {
      for (const key of keys) await store.delete(key);
      quietly(() => onProblem?.(`The run ${run} was dropped from the spool of ${url}, unsent: ${reason}.`));
    }
    return dropped.map(({ run }) => run);
  }

  return {
    trim: () => makeRoom(0),
    async claim(run) {
      if (!store.capabilities.compareAndSwap) return () => Promise.resolve();
      const key = `${await named}/${run.id}/${claimFile}`;
      const held = await store.get(key);
      if (held !== undefined && Date.now() - Number(new TextDecoder().decode(held.bytes)) < heldMs) return undefined;
      try {
        await store.put(key, encode(String(Date.now())), { ifVersion: held?.version ?? null });
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw error;
      }
      return () => store.delete(key);
    },
    async keep(run, entries) {
      const folder = `${await named}/${run.id}`;
      const [first] = entries;
      if (first === undefined) return;
      const lines = encode(`${[JSON.stringify(run), ...entries.map(writeEntry)].join("\n")}\n`);
      await makeRoom(entries.reduce((sum, entry) => sum + contentBytes(entry), lines.length));
      for (const { sequence, event } of entries)
        if (event.kind === "artifact") await store.put(`${folder}/${fileOf(sequence)}.bin`, event.content);
      await store.put(`${await named}/${targetFile}`, encode(`${JSON.stringify({ url })}\n`));
      await store.put(`${folder}/${fileOf(first.sequence)}.jsonl`, lines);
    },
    async waiting(run) {
      const found: Waiting[] = [];
      // In order of their names: run after run, sequence after sequence.
      for (const { key } of await store.list(`${await named}/${run === undefined ? "" : `${run.id}/`}`)) {
        const one = key.endsWith(".jsonl") ? await waitingAt(key) : undefined;
        if (one !== undefined) found.push(one);
      }
      return found;
    },
  };
}

/** Addresses of the places for which entries wait. */
export async function spooledTargets(store: ObjectStore): Promise<string[]> {
  const all = (await store.list("")).map(({ key }) => key);
  const urls: string[] = [];
  for (const key of all.filter((one) => /^[0-9a-f]{16}\/target\.json$/.test(one))) {
    const folder = key.slice(0, key.indexOf("/") + 1);
    if (!all.some((one) => one.startsWith(folder) && one.endsWith(".jsonl"))) continue;
    const found = await store.get(key);
    if (found === undefined) throw new ChurnkitError("STORE_FAILED", `${key} is gone from ${store.name}. Try again.`);
    urls.push(target(JsonValue.parse(found.bytes, key, broken)).url);
  }
  return urls;
}
