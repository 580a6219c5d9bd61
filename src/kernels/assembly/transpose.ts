import { ROW } from "./layout";

/** Transposes four by four words: rows 32 bytes apart to rows `step` bytes apart. */
@inline
function block(from: usize, to: usize, step: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 32);
  const c = v128.load(from, 64);
  const d = v128.load(from, 96);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to + step, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
}

/** The transpose of a kernel kept as panels: (8 * inputPanels) x (8 * panels) becomes (8 * panels) x (8 * inputPanels). */
export function transpose(kernel: usize, inputPanels: i32, panels: i32, out: usize): void {
  for (let p = 0; p < panels; ++p) {
    for (let q = 0; q < inputPanels; ++q) {
      const from = kernel + <usize>(p * inputPanels + q) * 8 * ROW;
      const to = out + <usize>(q * panels + p) * 8 * ROW;
      block(from, to, ROW);
      block(from + 16, to + 128, ROW);
      block(from + 128, to + 16, ROW);
      block(from + 144, to + 144, ROW);
    }
  }
}

/** Rows of panels, a multiple of four, as quads: for each four rows their values of unit 0, then of unit 1, and so on. */
export function quads(a: usize, stride: usize, rows: i32, panels: i32, out: usize): void {
  for (let row = 0; row < rows; row += 4) {
    let from = a + <usize>row * ROW;
    for (let p = 0; p < panels; ++p) {
      block(from, out, 16);
      block(from + 16, out + 64, 16);
      from += stride;
      out += 128;
    }
  }
}
