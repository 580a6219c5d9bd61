import { Cursor } from "./runs.js";
import { Damaged } from "./thrift.js";

/**
 * Checks that a block of Snappy unpacks to exactly `length` bytes: each piece is within the block, and each copy
 * within the bytes unpacked so far. The decoder writes and reads wherever a block says.
 *
 * @throws Damaged.
 */
export function checkSnappy(block: Uint8Array, length: number): void {
  const cursor = new Cursor(block);
  const named = cursor.count();
  if (named !== length) throw new Damaged(`a packed page declares ${named} bytes instead of ${length}`);
  let made = 0;
  while (cursor.left > 0) {
    const tag = cursor.byte();
    const kind = tag & 3;
    let size: number;
    if (kind === 0) {
      const short = tag >> 2;
      size = (short < 60 ? short : little(cursor, short - 59)) + 1;
      cursor.skip(size);
    } else {
      size = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      const back = kind === 1 ? (tag >> 5) * 256 + cursor.byte() : little(cursor, kind === 2 ? 2 : 4);
      if (back === 0 || back > made)
        throw new Damaged(`a packed page copies from ${back} bytes back, but only ${made} are unpacked`);
    }
    made += size;
    if (made > length) break;
  }
  if (made !== length) throw new Damaged(`a packed page unpacks to ${made} bytes instead of ${length}`);
}

function little(cursor: Cursor, bytes: number): number {
  let value = 0;
  for (let i = 0, scale = 1; i < bytes; i++, scale *= 256) value += cursor.byte() * scale;
  return value;
}
