/**
 * A histogram holds, for each bin, the sum of its rows' packed derivatives: the first derivatives in the upper half of an
 * i64, the second in the lower. Sums of whole numbers are exact, so they do not depend on the order of the rows.
 */

/** One column of codes to sum by: the address of its codes for row 0, where its sums lie, and how many bytes they take. */
@unmanaged
class Lane {
  codes: u32;
  offset: u32;
  bytes: u32;
}

@inline
function add(at: usize, value: i64): void {
  store<i64>(at, load<i64>(at) + value);
}

/** Bytes between the codes of one column for neighboring rows, as a shift: eight columns stand side by side. */
const STRIDE = 3;

/** Copies the packed derivatives of the listed rows together, stores their sum at `sum`. */
export function gatherDerivatives(rows: usize, count: i32, packed: usize, gathered: usize, sum: usize): void {
  const end = rows + (<usize>count << 2);
  let total: i64 = 0;
  for (; rows < end; rows += 4, gathered += 8) {
    const value = load<i64>(packed + (<usize>load<u32>(rows) << 3));
    store<i64>(gathered, value);
    total += value;
  }
  store<i64>(sum, total);
}

/** Sums the gathered derivatives of the listed rows by bin, for `lanes` columns; four at once share the reading of rows. */
export function sumByBin(lane: usize, lanes: i32, rows: usize, count: i32, gathered: usize, histogram: usize): void {
  const size = offsetof<Lane>();
  let left = lanes;
  for (; left >= 4; left -= 4, lane += 4 * size) {
    sumFour(changetype<Lane>(lane), changetype<Lane>(lane + size), changetype<Lane>(lane + 2 * size), changetype<Lane>(lane + 3 * size), rows, count, gathered, histogram);
  }
  for (; left > 0; --left, lane += size) sumOne(changetype<Lane>(lane), rows, count, gathered, histogram);
}

function sumFour(a: Lane, b: Lane, c: Lane, d: Lane, rows: usize, count: i32, gathered: usize, histogram: usize): void {
  const sums0 = histogram + a.offset;
  const sums1 = histogram + b.offset;
  const sums2 = histogram + c.offset;
  const sums3 = histogram + d.offset;
  memory.fill(sums0, 0, a.bytes);
  memory.fill(sums1, 0, b.bytes);
  memory.fill(sums2, 0, c.bytes);
  memory.fill(sums3, 0, d.bytes);
  const codes0: usize = a.codes;
  const codes1: usize = b.codes;
  const codes2: usize = c.codes;
  const codes3: usize = d.codes;
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4, gathered += 8) {
    const row = <usize>load<u32>(rows) << STRIDE;
    const value = load<i64>(gathered);
    add(sums0 + (<usize>load<u8>(codes0 + row) << 3), value);
    add(sums1 + (<usize>load<u8>(codes1 + row) << 3), value);
    add(sums2 + (<usize>load<u8>(codes2 + row) << 3), value);
    add(sums3 + (<usize>load<u8>(codes3 + row) << 3), value);
  }
}

function sumOne(lane: Lane, rows: usize, count: i32, gathered: usize, histogram: usize): void {
  const sums = histogram + lane.offset;
  const codes: usize = lane.codes;
  memory.fill(sums, 0, lane.bytes);
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4, gathered += 8) {
    add(sums + (<usize>load<u8>(codes + (<usize>load<u32>(rows) << STRIDE)) << 3), load<i64>(gathered));
  }
}

/** Subtracts one child's sums from its parent's, which leaves those of the other child. A whole number of 16 bytes. */
export function subtract(parent: usize, child: usize, bytes: i32): void {
  const end = parent + bytes;
  for (; parent < end; parent += 16, child += 16) v128.store(parent, i64x2.sub(v128.load(parent), v128.load(child)));
}

/**
 * Moves the listed rows that go left before the others, both in order; returns their number. A code inside [low, low
 * + span] goes left if `inside` is 1, right if it is 0.
 */
export function partRows(rows: usize, count: i32, codes: usize, low: u32, span: u32, inside: u32, aside: usize): i32 {
  const from = rows;
  let left = rows;
  let right = aside;
  const end = rows + (<usize>count << 2);
  for (; rows < end; rows += 4) {
    const row = load<u32>(rows);
    const within = <u32>(<u32>load<u8>(codes + (<usize>row << STRIDE)) - low <= span);
    const goesLeft = <usize>(within ^ inside ^ 1);
    store<u32>(left, row);
    store<u32>(right, row);
    left += goesLeft << 2;
    right += (1 - goesLeft) << 2;
  }
  memory.copy(left, aside, right - aside);
  return <i32>((left - from) >> 2);
}
