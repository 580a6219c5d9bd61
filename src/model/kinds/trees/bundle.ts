import type { BinnedMatrix } from "./bins.js";

/** Location of a feature's codes. */
export interface FeaturePlace {
  readonly bundle: number;
  /** For a flag: the code of the bundle that marks its rarer value. 0 if the bundle is the feature's own. */
  readonly code: number;
  /** For a flag: its rarer value, 0 or 1. */
  readonly rare: number;
}

/** A binned matrix with its flags bundled: columns of codes, each of one feature or of many flags. */
export interface BundledMatrix extends Pick<BinnedMatrix, "rows" | "columns" | "cuts"> {
  readonly places: readonly FeaturePlace[];
  /** Number of different codes in each bundle. */
  readonly bins: readonly number[];
  /** bundles x rows, bundle by bundle. */
  readonly codes: Uint8Array;
  /** For each feature 1 if the score must not fall as it rises, -1 if it must not rise, else 0; absent without constraints. */
  readonly directions?: Int8Array | undefined;
}

/** A bundle's codes fit a byte. */
const mostCodes = 256;
/** Bundles that a flag is tried with: the flags of one category are adjacent. */
const mostTries = 8;

interface OpenBundle {
  readonly bundle: number;
  readonly codes: Uint8Array;
  used: number;
}

/**
 * Exclusive feature bundling (Ke et al. 2017) of flags: flags whose rarer values never meet in a row share one
 * column, each with its own code. The flags of a category's levels then cost a tree as much as one number. The
 * available splits and their gains stay the same.
 */
export function bundleFlags({ rows, columns, cuts, codes }: BinnedMatrix): BundledMatrix {
  const places: FeaturePlace[] = [];
  const bins: number[] = [];
  const packed: Uint8Array[] = [];
  const open: OpenBundle[] = [];
  const marked = new Uint32Array(rows);
  cuts.forEach((own, feature) => {
    const column = codes.subarray(feature * rows, (feature + 1) * rows);
    if (own.length > 1) {
      places.push({ bundle: packed.push(column) - 1, code: 0, rare: 0 });
      bins.push(own.length + 1);
      return;
    }
    const rare = 2 * column.reduce((sum, code) => sum + code, 0) <= rows ? 1 : 0;
    let count = 0;
    column.forEach((code, row) => (code === rare ? (marked[count++] = row) : 0));
    const markedRows = marked.subarray(0, count);
    let home = open.find((one) => one.used < mostCodes - 1 && markedRows.every((row) => one.codes[row] === 0));
    if (home === undefined) {
      const fresh = new Uint8Array(rows);
      home = { bundle: packed.push(fresh) - 1, codes: fresh, used: 0 };
      bins.push(0);
      open.unshift(home);
      open.length = Math.min(open.length, mostTries);
    }
    home.used++;
    for (const row of markedRows) home.codes[row] = home.used;
    bins[home.bundle] = home.used + 1;
    places.push({ bundle: home.bundle, code: home.used, rare });
  });
  const all = new Uint8Array(rows * packed.length);
  packed.forEach((column, bundle) => all.set(column, bundle * rows));
  return { rows, columns, cuts, places, bins, codes: all };
}
