import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChurnkitError } from "../../../base/errors.js";
import { conflict } from "../object-store.js";
import type { S3Connection } from "./connection.js";
import {
  isAbsent,
  isOver,
  isPreconditionFailed,
  isRace,
  isUncertain,
  s3Failed,
  storeFailed,
  wasRetried,
  type S3Operation,
} from "./error.js";
import { fateOf, lineageField, newWrite, type KnownVersion, type Write } from "./lineage.js";
import { look } from "./read.js";

/** How often a write that met another one is sent again. */
const races = 5;

/** A version that no object has: of a write that others have already built on. */
const gone = '"replaced"';

type Condition = string | null | undefined;

/** Headers of a write's last request, so that it happens only under its condition. */
export const conditionOf = (ifVersion: Condition): { IfMatch?: string; IfNoneMatch?: string } =>
  ifVersion === undefined ? {} : ifVersion === null ? { IfNoneMatch: "*" } : { IfMatch: ifVersion };

/**
 * Begins a write: finds the version that it builds on.
 *
 * @param known the last seen version of the object.
 * @throws ChurnkitError STORE_CONFLICT if the object already has another version.
 */
export async function beginWrite(
  s3: S3Connection,
  key: string,
  ifVersion: Condition,
  known: KnownVersion | undefined,
): Promise<Write> {
  if (ifVersion === undefined || ifVersion === null) return newWrite(ifVersion);
  const base = known?.version === ifVersion ? known : await look(s3, key);
  if (base?.version !== ifVersion) throw conflicting(s3, key);
  return newWrite(base);
}

/** Writes an object in one request. */
export async function putWhole(
  s3: S3Connection,
  key: string,
  bytes: Uint8Array,
  ifVersion: Condition,
  write: Write,
): Promise<KnownVersion> {
  const input = {
    ...s3.common,
    ...s3.encryption,
    ...conditionOf(ifVersion),
    Key: s3.place.keyOf(key),
    Body: bytes,
    Metadata: { [lineageField]: write.lineage },
    ChecksumAlgorithm: s3.sdk.ChecksumAlgorithm.CRC32,
  };
  let retried = false;
  for (let attempt = 1; ; attempt++) {
    try {
      const { ETag } = await s3.send(new s3.sdk.PutObjectCommand(input));
      return written(s3, key, write, ETag);
    } catch (error) {
      retried ||= wasRetried(error);
      if (isRace(error) && attempt < races) await sleep(randomInt(20 * 2 ** attempt));
      else
        return settle(s3, key, write, { operation: "PutObject", error, retried, conditional: ifVersion !== undefined });
    }
  }
}

export function written(s3: S3Connection, key: string, write: Write, version: string | undefined): KnownVersion {
  if (version === undefined)
    throw storeFailed(s3.place, "write", key, "The server returned no ETag, so the version is unknown.");
  return { version, lineage: write.lineage };
}

/** Outcome of a write that was not simply acknowledged. */
export interface Ending {
  readonly operation: S3Operation;
  readonly error: unknown;
  /** Whether a request was sent more than once. */
  readonly retried: boolean;
  readonly conditional: boolean;
}

/**
 * Finds out what happened to a write that was not acknowledged: returns its version if it succeeded, and throws
 * STORE_CONFLICT if another came first, STORE_FAILED otherwise. Its own write, whose answer was lost, is never
 * mistaken for another's.
 */
export async function settle(
  s3: S3Connection,
  key: string,
  write: Write,
  { operation, error, retried, conditional }: Ending,
): Promise<KnownVersion> {
  const tooLate = isPreconditionFailed(error) || isRace(error) || isAbsent(error);
  if (tooLate && conditional && !retried) throw conflicting(s3, key);
  if (!(retried && (tooLate || isOver(error))) && !isUncertain(error)) throw s3Failed(s3.place, operation, key, error);
  const now = await look(s3, key).catch((second: unknown) => {
    // The new error from S3 explains more than the earlier silence.
    throw isUncertain((second as Error).cause) ? s3Failed(s3.place, operation, key, error) : second;
  });
  switch (fateOf(write, now)) {
    case "current":
      return written(s3, key, write, now?.version);
    case "replaced":
      return { version: gone, lineage: write.lineage };
    case "not written":
      throw tooLate && conditional ? conflicting(s3, key) : s3Failed(s3.place, operation, key, error);
    case "unknown":
      if (isUncertain(error)) throw s3Failed(s3.place, operation, key, error);
      throw storeFailed(
        s3.place,
        "write",
        key,
        "The answer was lost, and others have written since, so it is unknown whether the write succeeded. Read the object again.",
        error,
      );
  }
}

const conflicting = (s3: S3Connection, key: string): ChurnkitError => conflict(s3.place.uriOf(), key);
