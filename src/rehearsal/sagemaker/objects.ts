import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { ObjectStore } from "../../io/store/index.js";
import { invalid } from "../front/aws-error.js";

/** Opens a bucket by its name. */
export type Buckets = (bucket: string) => ObjectStore | Promise<ObjectStore>;

/** Copies between a job's folders and buckets. */
export interface Objects {
  /** Brings all objects whose keys begin with the URI's into a folder; of several parts only one. */
  download(uri: string, folder: string, part?: { readonly index: number; readonly of: number }): Promise<void>;
  /** The bytes of an object. */
  read(uri: string): Promise<Uint8Array>;
  /** Whether any key begins with the URI's. */
  exist(uri: string): Promise<boolean>;
  /** Puts the files of a folder below a URI. */
  upload(folder: string, uri: string): Promise<void>;
  put(uri: string, bytes: Uint8Array): Promise<void>;
  /** The same in a role. */
  as(role: string): Objects;
}

/** Is asked whether a role may send a request to S3, such as `GET /bucket/key`; throws if not. */
type Admit = (role: string, request: string) => void;

export function objectsOf(buckets: Buckets, admit: Admit = () => undefined, role = ""): Objects {
  async function place(uri: string) {
    const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
    if (bucket === "") throw invalid(`${uri} is not an S3 URI.`);
    const ask = (method: "GET" | "PUT", of: string): void => admit(role, `${method} /${bucket}/${of}`);
    const list = (): void => admit(role, `GET /${bucket}?prefix=${encodeURIComponent(key)}`);
    return { store: await buckets(bucket), key, ask, list };
  }

  async function put(uri: string, bytes: Uint8Array): Promise<void> {
    const { store, key, ask } = await place(uri);
    ask("PUT", key);
    await store.put(key, bytes);
  }

  return {
    put,
    as: (other) => objectsOf(buckets, admit, other),
    async read(uri) {
      const { store, key, ask } = await place(uri);
      ask("GET", key);
      const object = await store.get(key);
      if (object === undefined) throw invalid(`No S3 object found at ${uri}.`);
      return object.bytes;
    },
    async exist(uri) {
      const { store, key, list } = await place(uri);
      list();
      return (await store.list(key)).length > 0;
    },
    async download(uri, folder, { index, of } = { index: 0, of: 1 }) {
      const { store, key: prefix, ask, list } = await place(uri);
      list();
      const keys = (await store.list(prefix)).map(({ key }) => key).sort();
      if (keys.length === 0) throw invalid(`No S3 objects found under prefix ${uri}.`);
      await mkdir(folder, { recursive: true });
      for (const key of keys.filter((_, i) => i % of === index)) {
        ask("GET", key);
        const object = await store.get(key);
        if (object === undefined) continue;
        const path = resolve(folder, pathOf(key, prefix));
        if (!path.startsWith(resolve(folder) + sep)) throw invalid(`The key ${key} leads out of its folder.`);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, object.bytes);
      }
    },
    async upload(folder, uri) {
      for (const [path, bytes] of await filesBelow(folder)) await put(`${uri.replace(/\/$/, "")}/${path}`, bytes);
    },
  };
}

/** Where SageMaker puts an object that a prefix finds: below the prefix, if that is a folder, or below its last folder. */
function pathOf(key: string, prefix: string): string {
  if (key === prefix) return basename(key);
  const folder = prefix.endsWith("/") || prefix === "" ? prefix : `${prefix}/`;
  return key.startsWith(folder) ? key.slice(folder.length) : key.slice(prefix.lastIndexOf("/") + 1);
}

/** The files of a folder, by their paths in it with slashes, sorted; none if there is no folder. */
export async function filesBelow(folder: string): Promise<Map<string, Uint8Array>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = new Map<string, Uint8Array>();
  for (const path of paths.sort()) files.set(relative(folder, path).split(sep).join("/"), await readFile(path));
  return files;
}
