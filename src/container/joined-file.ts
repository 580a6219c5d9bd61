import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ChurnkitError } from "../base/errors.js";
import { bytesOf, filesIn } from "./files.js";

const lineEnd = 10;
/** What a line of JSON begins with. */
const brace = 123;

/**
 * The content of a folder as one file: its only file as it is, or several in the order of their names, one after the other. JSON lines
 * are joined as they are; of other files the header, the first line, is kept once.
 *
 * @throws ChurnkitError INPUT_COLUMNS for files with different headers.
 */
export async function joinedFile(folder: string): Promise<Uint8Array> {
  const names = await filesIn(folder);
  const [first, ...others] = await Promise.all(names.map((name) => bytesOf(join(folder, name))));
  if (first === undefined || others.length === 0) return first ?? new Uint8Array();
  const texts = [first, ...others].map(unpacked).map(ended);
  if (texts.every((text) => text.length === 0 || text[0] === brace)) return Buffer.concat(texts);
  const header = headerOf(texts[0] as Buffer);
  const other = texts.findIndex((text) => !headerOf(text).equals(header));
  if (other >= 0)
    throw new ChurnkitError(
      "INPUT_COLUMNS",
      `${join(folder, names[other] ?? "")} has another header than ${names[0]}. Give files with the same columns in the same order.`,
      { where: { file: join(folder, names[other] ?? "") } },
    );
  return Buffer.concat(texts.map((text, i) => (i === 0 ? text : text.subarray(header.length))));
}

/** Removes lines that repeat the first one, as where CSV files flow through one pipe. */
export function withoutRepeatedHeader(bytes: Buffer): Buffer {
  const header = headerOf(bytes);
  if (header.length < 2) return bytes;
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(header, header.length); at >= 0; at = bytes.indexOf(header, at + header.length)) {
    // A file whose last line does not end runs into the header of the next; nothing can tell the two apart.
    if (bytes[at - 1] !== lineEnd) continue;
    parts.push(bytes.subarray(from, at));
    from = at + header.length;
  }
  return from === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
}

/** The first line, with its end. */
const headerOf = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.indexOf(lineEnd) + 1);
const ended = (bytes: Buffer): Buffer =>
  bytes.length === 0 || bytes.at(-1) === lineEnd ? bytes : Buffer.concat([bytes, Buffer.of(lineEnd)]);
const unpacked = (bytes: Buffer): Buffer => (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
