import pLimit from "p-limit";
import { ChurnkitError } from "../../base/errors.js";
import { parseJson } from "../../base/json/index.js";
import { node } from "../../base/node.js";
import { appendLines } from "../append-lines.js";
import { ioFailed, systemCode } from "../io-error.js";
import type { ObjectStore } from "./object-store.js";

/** Records that are only added, such as the journal of a long work: a killed process leaves all that it had added. */
export interface RecordLog {
  /** For messages. */
  readonly name: string;
  /** The records so far, in order. */
  read(): Promise<readonly unknown[]>;
  /** Adds one, and returns when it is kept. */
  append(record: object): Promise<void>;
}

/**
 * Opens a log: a file of JSON lines by its path, or an object for each record in a store. What a killed process left of a
 * record is skipped.
 *
 * @throws ChurnkitError from its methods: IO_FAILED, STORE_FAILED; CHECKPOINT_MISMATCH for what is no log.
 */
export const openLog = (place: string | ObjectStore): RecordLog =>
  typeof place === "string" ? fileLog(place) : storeLog(place);

function fileLog(path: string): RecordLog {
  const limit = pLimit(1);
  return {
    name: path,
    async read() {
      let text: string;
      try {
        text = await node().getBuiltinModule("node:fs/promises").readFile(path, "utf8");
      } catch (error) {
        if (systemCode(error) === "ENOENT") return [];
        throw ioFailed("read", path, error);
      }
      return text.split("\n").flatMap((line) => recordOf(line, path));
    },
    append: (record) =>
      limit(() => appendLines(path, `${JSON.stringify(record)}\n`, { sync: true })).catch((error: unknown) => {
        throw ioFailed("append to", path, error);
      }),
  };
}

function recordOf(line: string, path: string): unknown[] {
  if (line.trim() === "") return [];
  if (line.startsWith("{")) {
    try {
      return [parseJson(line)];
    } catch {
      return [];
    }
  }
  throw new ChurnkitError(
    "CHECKPOINT_MISMATCH",
    `${path} is not a journal: it has a line that is no JSON object. Name another file.`,
    { where: { file: path } },
  );
}

const keyOf = (record: number): string => `record-${String(record).padStart(6, "0")}.json`;

function storeLog(store: ObjectStore): RecordLog {
  const limit = pLimit(1);
  let next: number | undefined;
  const keys = async (): Promise<string[]> => (await store.list("record-")).map(({ key }) => key);
  return {
    name: store.name,
    async read() {
      const found = await keys();
      next = found.length;
      const records: unknown[] = [];
      for (const key of found) {
        const object = await store.get(key);
        if (object) records.push(...recordOf(new TextDecoder().decode(object.bytes), store.name));
      }
      return records;
    },
    append: (record) =>
      limit(async () => {
        next ??= (await keys()).length;
        const bytes = new TextEncoder().encode(JSON.stringify(record));
        // Of two processes that write one log, the second fails.
        await store.put(keyOf(next), bytes, store.capabilities.compareAndSwap ? { ifVersion: null } : {});
        next++;
      }),
  };
}
