const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Finds the first byte that is not valid UTF-8 (overlong forms, surrogates and code points above U+10FFFF included;
 * table 3-7 of the Unicode standard).
 *
 * @returns its position, or -1 if all of `bytes[start..end)` is valid.
 */
export function invalidUtf8(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end) {
    const lead = bytes[i] as number;
    if (lead < 0x80) {
      i++;
      continue;
    }
    const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0 || i + length > end) return i;
    const second = bytes[i + 1] as number;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return i;
    for (let k = 2; k < length; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return i;
    i += length;
  }
  return -1;
}

/** Decodes valid UTF-8. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  // A short ASCII text is several times faster without the decoder.
  if (end - start <= 48) {
    let ascii = true;
    for (let i = start; i < end; i++) if ((bytes[i] as number) >= 0x80) ascii = false;
    if (ascii) return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
  }
  return decoder.decode(bytes.subarray(start, end));
}
