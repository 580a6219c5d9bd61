import type { BundledMatrix } from "./bundle.js";
import type { TreeKernel } from "./kernel.js";

/** A bundled matrix in the kernel's memory, and the location of its bins' sums in a histogram. */
export interface MatrixLayout {
  /** Length of a histogram in bytes. */
  readonly histogramBytes: number;
  /** Table of the features' places in a histogram, as `findSplit` reads it. */
  readonly places: number;
  /** Returns the address of a bundle's code of row 0; neighboring rows are 8 bytes apart. */
  codesOf(bundle: number): number;
  /** Offset of a bundle's sums in a histogram, and their length. */
  sumsOf(bundle: number): { readonly offset: number; readonly bytes: number };
}

/** Number of adjacent bundles, so that one cache line has all of them for several rows. */
const together = 8;

/** Puts a matrix where the kernel reads it. */
export function layOut(kernel: TreeKernel, { rows, codes, bins, places, cuts }: BundledMatrix): MatrixLayout {
  const blocks = Math.ceil(bins.length / together);
  const start = kernel.allocate(blocks * together * rows);
  const table = kernel.allocate(8 * Math.max(1, places.length));
  const all = kernel.bytes(start, blocks * together * rows);
  // An even number of bins, because the kernel reads two at a time.
  const lengths = bins.map((count) => 16 * Math.ceil(count / 2));
  const offsets: number[] = [];
  let histogramBytes = 0;
  lengths.forEach((bytes, bundle) => {
    offsets.push(histogramBytes);
    histogramBytes += bytes;
    const from = bundle * rows;
    for (let row = 0, to = blockOf(bundle, rows); row < rows; row++, to += together)
      all[to] = codes[from + row] as number;
  });
  const words = kernel.words(table, 2 * places.length);
  places.forEach(({ bundle, code }, feature) => {
    words[2 * feature] = code === 0 ? (cuts[feature]?.length ?? 0) + 1 : 0;
    words[2 * feature + 1] = (offsets[bundle] as number) + 8 * code;
  });
  return {
    histogramBytes,
    places: table,
    codesOf: (bundle) => start + blockOf(bundle, rows),
    sumsOf: (bundle) => ({ offset: offsets[bundle] as number, bytes: lengths[bundle] as number }),
  };
}

const blockOf = (bundle: number, rows: number): number =>
  Math.floor(bundle / together) * together * rows + (bundle % together);
