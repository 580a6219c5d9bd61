import { ChurnkitError } from "../../base/errors.js";
import { parseJson } from "../../base/json/index.js";
import { isConflict, retryOnConflict } from "../../base/async/index.js";
import { textChunks } from "../../data/read/index.js";
import { typedStore, type ObjectStore } from "../../io/store/index.js";
import { logFile, logFileName, type LogRow, readLogFile } from "../prediction-log/index.js";
import { edited, joined, type Edit } from "./edit.js";

/** Objects to erase from: files, or those of a store. */
export interface ErasablePlace {
  /** Names of the objects. */
  list(): Promise<readonly string[]>;
  /**
   * Reads an object and, where `write` says so, takes out what the edit says. Undefined for an object that has gone.
   *
   * @throws ChurnkitError for an object that cannot be read or written; it then is what it was.
   */
  visit(name: string, edit: (bytes: Uint8Array) => Edit, write: boolean): Promise<Edit | undefined>;
}

/** Larger objects are not read into memory. */
export const mostBytes = 2 ** 30;

const capturedName = /\.(jsonl|json|ndjson|csv)(\.\d+)?(\.gz)?$/i;

/** Whether an object below a folder or prefix is one of lines, by its name. */
export const isErasableName = (name: string): boolean => capturedName.test(name) || logFileName.test(name);

/** An object's text, unpacked. */
export interface Unpacked {
  readonly bytes: Uint8Array;
  /** Packs a text as the object was; undefined if it was not. */
  readonly pack: ((text: Uint8Array) => Promise<Uint8Array>) | undefined;
}

/** @throws ChurnkitError INPUT_NOT_TEXT, INPUT_MALFORMED for damaged gzip or Parquet, INPUT_TOO_LARGE. */
export async function unpacked(bytes: Uint8Array, name: string): Promise<Unpacked> {
  if (logFileName.test(name)) return linesOfLog(bytes, name);
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const parts: Uint8Array[] = [];
  // Read as text even where nothing is packed: what is binary is refused.
  for await (const part of textChunks(bytes, { source: name, limit: mostBytes })) parts.push(part.slice());
  if (!packed && (bytes[0] === 0xff || bytes[0] === 0xfe))
    throw new ChurnkitError("INPUT_NOT_TEXT", `${name} is UTF-16; save it as UTF-8.`, { where: { file: name } });
  return packed ? { bytes: joined(parts), pack: gzipped } : { bytes, pack: undefined };
}

/** A day of the prediction log as JSON lines, each with the prediction's id and the customer's. */
async function linesOfLog(bytes: Uint8Array, name: string): Promise<Unpacked> {
  const { columns, rows } = await readLogFile(name, new Uint8Array(bytes));
  return {
    bytes: new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join("")),
    pack: (text) => {
      const lines = new TextDecoder().decode(text).split("\n");
      return logFile(
        columns,
        lines.filter(Boolean).map((line) => parseJson(line) as LogRow),
      );
    },
  };
}

/** The object's bytes after an edit, packed as they were. */
export async function repacked({ bytes, pack }: Unpacked, edit: Edit): Promise<Uint8Array> {
  const text = edited(bytes, edit);
  return pack === undefined ? text : pack(text);
}

async function gzipped(text: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([text as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Whether an edit changes anything. */
export const changes = ({ ranges, text }: Edit): boolean => ranges.length > 0 || text !== undefined;

/** Objects of a store below prefixes; one that is named exactly is taken whatever its name. */
export function storePlace(given: ObjectStore, prefix: string | readonly string[]): ErasablePlace {
  const store = typedStore(given);
  const prefixes = typeof prefix === "string" ? [prefix] : prefix;
  const sizes = new Map<string, number>();
  return {
    async list() {
      for (const each of prefixes)
        for (const { key, size } of await store.list(each))
          if (key === each || isErasableName(key)) sizes.set(key, size);
      return [...sizes.keys()];
    },
    visit: (key, edit, write) =>
      retryOnConflict(async () => {
        if ((sizes.get(key) ?? 0) > mostBytes) throw tooLarge(key);
        const found = await store.get(key);
        if (found === undefined) return undefined;
        const object = await unpacked(found.bytes, key);
        const made = edit(object.bytes);
        if (!write || !changes(made)) return made;
        const options = store.capabilities.compareAndSwap ? { ifVersion: found.version } : {};
        await store.put(key, await repacked(object, made), options);
        return made;
      }).catch((error: unknown) => {
        throw isConflict(error)
          ? new ChurnkitError("STORE_CONFLICT", `${key} keeps changing.`, { cause: error })
          : error;
      }),
  };
}

export const tooLarge = (name: string): ChurnkitError =>
  new ChurnkitError("INPUT_TOO_LARGE", `${name} has more than ${mostBytes} bytes. Split it.`, {
    where: { file: name },
  });
