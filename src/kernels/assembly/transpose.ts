import { ROW } from "./layout";

/** Words 0,4,1,5 of two vectors. */
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

/** Words 2,6,3,7 of two vectors. */
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

/** Transposes four by four words: rows and columns 32 bytes apart. */
@inline
function block(from: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 32);
  const c = v128.load(from, 64);
  const d = v128.load(from, 96);
  const ab = low(a, b);
  const cd = low(c, d);
  const ef = high(a, b);
  const gh = high(c, d);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 32);
  v128.store(to, v128.shuffle<i64>(ef, gh, 0, 2), 64);
  v128.store(to, v128.shuffle<i64>(ef, gh, 1, 3), 96);
}

/** The transpose of a kernel kept as panels: (8 * inputPanels) x (8 * panels) becomes (8 * panels) x (8 * inputPanels). */
export function transpose(kernel: usize, inputPanels: i32, panels: i32, out: usize): void {
  for (let p = 0; p < panels; ++p) {
    for (let q = 0; q < inputPanels; ++q) {
      const from = kernel + <usize>(p * inputPanels + q) * 8 * ROW;
      const to = out + <usize>(q * panels + p) * 8 * ROW;
      block(from, to);
      block(from + 16, to + 128);
      block(from + 128, to + 16);
      block(from + 144, to + 144);
    }
  }
}
