/** A matrix in memory that threads can share, if the runtime has it. */
export function sharedMatrix(length: number): Float32Array {
  const bytes = length * Float32Array.BYTES_PER_ELEMENT;
  return new Float32Array(
    typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes),
  );
}

/** Copies arrays one after the other into such a matrix. */
export function sharedCopy(...parts: Float32Array[]): Float32Array {
  const all = sharedMatrix(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
