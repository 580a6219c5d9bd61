import { createHash } from "node:crypto";

/** Files as their hashes, sorted: quick to compare, where comparing bytes one by one is slow. */
export const hashed = (files: ReadonlyMap<string, Uint8Array>): [string, string][] =>
  [...files]
    .map(([path, bytes]): [string, string] => [path, createHash("sha256").update(bytes).digest("hex")])
    .sort(([a], [b]) => (a < b ? -1 : 1));
