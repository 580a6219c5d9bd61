import { randomBytes } from "node:crypto";

/** The metadata of every object that has its lineage. */
export const lineageField = "churnkit-writes";

/**
 * A writer whose answer was lost still finds its own write this many writes back; with names of 11 characters, far
 * under 2 KB.
 */
const kept = 32;
/** The first link of a new object. */
const root = "new";

/** A version of an object with the writes that led to it. */
export interface KnownVersion {
  readonly version: string;
  /** Names of writes, oldest first, from the object's metadata; "" if another program wrote the object. */
  readonly lineage: string;
}

/** A write before its attempt. */
export interface Write {
  readonly name: string;
  /** Version that it replaces; undefined for a write that replaces anything. */
  readonly base: string | undefined;
  /** The lineage of the object that it makes. */
  readonly lineage: string;
}

/**
 * Names a write, and links it to the version that it replaces.
 *
 * When the answer to a conditional write is lost, its repetition fails, because the first has changed the object. The
 * object then shows whether that was our own write or another's: every write passes on the names of those before it,
 * so ours is found even if others have built on it since.
 *
 * @param base null: it makes the object; undefined: it replaces any object.
 */
export function newWrite(base: KnownVersion | null | undefined): Write {
  const name = randomBytes(8).toString("base64url");
  if (base === undefined) return { name, base: undefined, lineage: name };
  const links = base === null ? [root] : linksOf(base);
  return { name, base: links.at(-1), lineage: [...links, name].slice(-kept).join(".") };
}

/** Outcome of a write, as far as the current object shows it. */
export type Fate = "current" | "replaced" | "not written" | "unknown";

export function fateOf(write: Write, now: KnownVersion | undefined): Fate {
  if (now === undefined) return "unknown";
  const links = linksOf(now);
  if (links.at(-1) === write.name) return "current";
  if (links.includes(write.name)) return "replaced";
  // Everything that happened since the version we built on is listed, and our write is not.
  return write.base !== undefined && links.includes(write.base) ? "not written" : "unknown";
}

const linksOf = ({ version, lineage }: KnownVersion): string[] =>
  lineage === "" ? [version.replace(/[^\w-]/g, "")] : lineage.split(".");
