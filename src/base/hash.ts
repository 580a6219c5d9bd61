import type { Hash } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "./json/canonical.js";

/**
 * Node's own hashing, the fastest there; undefined elsewhere. Not imported, so that browsers need no stand-in for it, and
 * asked for when something is hashed: Node takes a while to load it.
 */
const native = () => (globalThis.process as Partial<NodeJS.Process> | undefined)?.getBuiltinModule?.("node:crypto");
/** Browsers hide it from pages that came over plain HTTP. */
const subtle = (): SubtleCrypto | undefined => (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;

/** SHA-256 of some bytes as lower-case hex, by the platform's own implementation where there is one. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const web = native() === undefined ? subtle() : undefined;
  return web === undefined
    ? hasher().update(bytes).hex()
    : bytesToHex(new Uint8Array(await web.digest("SHA-256", bytes)));
}

/** An incremental SHA-256, for what does not fit in memory or must be hashed without waiting. */
export interface Hasher {
  update(data: Uint8Array | string): Hasher;
  /** Ends the hash, as lower-case hex. */
  hex(): string;
}

/** Starts an incremental SHA-256. */
export function hasher(): Hasher {
  const crypto = native();
  return crypto === undefined ? portableHasher() : nativeHasher(crypto.createHash("sha256"));
}

function nativeHasher(hash: Hash): Hasher {
  const self: Hasher = {
    update(data) {
      hash.update(data);
      return self;
    },
    hex: () => hash.digest("hex"),
  };
  return self;
}

/** In JavaScript, for every runtime. */
export function portableHasher(): Hasher {
  const hash = sha256.create();
  const self: Hasher = {
    update(data) {
      hash.update(typeof data === "string" ? utf8ToBytes(data) : data);
      return self;
    },
    hex: () => bytesToHex(hash.digest()),
  };
  return self;
}

/** SHA-256 of a value's canonical JSON: equal values have equal hashes, whatever the order of their keys. */
export function hashJson(value: unknown): string {
  return hasher().update(canonicalJson(value)).hex();
}
