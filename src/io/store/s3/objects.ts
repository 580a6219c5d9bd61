import type { Origins, ResumableFile } from "../../resumable-file.js";
import { connect, type S3StoreOptions } from "./connection.js";
import { newWrite } from "./lineage.js";
import { open, readAll, readRange } from "./read.js";
import { resumableUpload } from "./resumable-upload.js";
import { putWhole } from "./write.js";

export { type CreatedObject, createdObjects, messagesIn, objectsInMessage } from "./created-objects.js";

/** An object that may be read once from its beginning, or anywhere. */
export interface S3Source {
  /** Changes with the object. */
  readonly version: string;
  readonly size: number;
  /** When this version was written, where S3 says so. */
  readonly modified?: Date | undefined;
  readonly stream: AsyncIterable<Uint8Array>;
  at(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends the read, also one that never began. */
  close(): void;
}

/** The objects of a bucket, by any key that other programs gave them; an `ObjectStore` has keys that every store can keep. */
export interface S3Objects {
  /**
   * @param versionId S3's id of a version, as events name it; default: the current version.
   * @returns undefined if the object does not exist.
   */
  open(key: string, versionId?: string): Promise<S3Source | undefined>;
  /** The bytes of a small object; undefined if it does not exist. */
  read(key: string): Promise<Uint8Array | undefined>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** An object to write in parts, which can be continued. */
  resumable(key: string, origins: Origins, options: { readonly resume: boolean }): Promise<ResumableFile>;
}

/**
 * Opens a bucket.
 *
 * @throws ChurnkitError PEER_MISSING without the SDK, OPTION_INVALID for an invalid bucket or region.
 */
export async function s3Objects({
  partBytes = 8 * 1024 * 1024,
  ...options
}: Omit<S3StoreOptions, "prefix">): Promise<S3Objects> {
  const connection = await connect(options);
  const { bucket } = options;
  const place = { ...connection.place, keyOf: (key: string) => key, uriOf: (key = "") => `s3://${bucket}/${key}` };
  const s3 = { ...connection, place };
  return {
    async open(key, versionId) {
      const common = { ...s3.common, ...(versionId === undefined ? {} : { VersionId: versionId }) };
      const from = { ...s3, common };
      const found = await open(from, key);
      if (found === undefined) return undefined;
      const { version, size, modified, stream } = found;
      return {
        version,
        size,
        modified,
        stream,
        at(start, length) {
          found.close();
          return readRange(from, key, version, { start, length });
        },
        close: () => found.close(),
      };
    },
    read: async (key) => (await readAll(s3, key))?.bytes,
    async write(key, bytes) {
      await putWhole(s3, key, bytes, undefined, newWrite(undefined));
    },
    resumable: (key, origins, { resume }) => resumableUpload(s3, key, origins, { resume, partBytes }),
  };
}
