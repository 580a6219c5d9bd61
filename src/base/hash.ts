import type { Hash } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "./json/canonical.js";

/**
 * Node's own hashing, the fastest there; undefined elsewhere. It is not imported, so that browsers need no
 * replacement, and is loaded on first use, because Node takes a while to load it.
 */
const native = () => (globalThis.process as Partial<NodeJS.Process> | undefined)?.getBuiltinModule?.("node:crypto");
/** Browsers hide it from pages that came over plain HTTP. */
const subtle = (): SubtleCrypto | undefined => (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;

/** Returns the SHA-256 of bytes as lowercase hex, by the platform's implementation if it has one. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const web = native() === undefined ? subtle() : undefined;
  return web === undefined
    ? hasher().update(bytes).hex()
    : bytesToHex(new Uint8Array(await web.digest("SHA-256", bytes)));
}

/** An incremental SHA-256, for data that does not fit in memory or must be hashed synchronously. */
export interface Hasher {
  update(data: Uint8Array | string): Hasher;
  /** Ends the hash and returns it as lowercase hex. */
  hex(): string;
}

/** SHA-256 of a text as lower-case hex, in one step where the platform has it: half the time of {@link hasher}. */
export function textHash(text: string): string {
  const crypto: Partial<NonNullable<ReturnType<typeof native>>> | undefined = native();
  return crypto?.hash?.("sha256", text) ?? hasher().update(text).hex();
}

/** A text's place in [0, 1) by its hash, the same everywhere: it divides what is named by texts into stable groups. */
export const placeOf = (text: string): number => parseInt(textHash(text).slice(0, 13), 16) / 2 ** 52;

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

/**
 * Returns the SHA-256 of a value's canonical JSON: equal values have equal hashes, whatever the order of their keys.
 */
export function hashJson(value: unknown): string {
  return hasher().update(canonicalJson(value)).hex();
}
