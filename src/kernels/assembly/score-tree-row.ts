/*
 * Scores one row with trees of up to 32 leaves, without walking them (QuickScorer: Lucchese et al. 2015): each split where
 * the row goes right rules out the leaves to its left, and of those that are left over the first one is the row's. Splits
 * are listed by feature and threshold, so those where the row goes right are the first ones of each feature's list.
 * src/model/kinds/trees/score-row.ts writes what is read here.
 */

/** Trees ready to score single rows. */
@unmanaged
class RowTrees {
  features: i32;
  trees: i32;
  /** For each feature used: its place in a row in bytes, and the number of its thresholds. */
  featureTable: usize;
  /** The thresholds of all features used. */
  thresholds: usize;
  /** For each threshold, where the splits up to it end in the list. */
  ends: usize;
  /** The list: for each split the place of its tree in `left`, and a bit for each leaf that it does not rule out. */
  splits: usize;
  /** For each tree a bit for each leaf that is not ruled out. */
  left: usize;
  /** The leaves' values, each tree's `stride` bytes after the last one's. */
  values: usize;
  stride: u32;
}

/** Adds the leaf of each tree, in order, to a sum. */
export function scoreTreeRow(at: usize, x: usize, sum: f64): f64 {
  const model = changetype<RowTrees>(at);
  const left = model.left;
  const end = left + ((<usize>model.trees) << 2);
  memory.fill(left, 0xff, end - left);
  ruleOut(model, x);
  const stride = <usize>model.stride;
  let values = model.values;
  for (let tree = left; tree < end; tree += 4, values += stride) {
    sum += <f64>load<f32>(values + (<usize>ctz(load<u32>(tree)) << 2));
  }
  return sum;
}

/** Rules out leaves by all splits where the row goes right. */
@inline
function ruleOut(model: RowTrees, x: usize): void {
  const left = model.left;
  let thresholds = model.thresholds;
  let ends = model.ends;
  let split = model.splits;
  let entry = model.featureTable;
  for (let n = model.features; n > 0; --n, entry += 8) {
    const value = load<f32>(x + <usize>load<u32>(entry));
    const count = load<u32>(entry, 4);
    const passed = countBelow(thresholds, count, value);
    if (passed > 0) {
      const end = model.splits + <usize>load<u32>(ends + ((<usize>passed - 1) << 2));
      do {
        const tree = left + <usize>load<u32>(split);
        store<u32>(tree, load<u32>(tree) & load<u32>(split, 4));
        split += 8;
      } while (split < end);
    }
    thresholds += <usize>count << 2;
    ends += <usize>count << 2;
    split = model.splits + <usize>load<u32>(ends - 4);
  }
}

/** How many of some thresholds, at least one, increasing, does a value exceed? Without a branch that could be guessed wrong. */
@inline
function countBelow(thresholds: usize, count: u32, value: f32): u32 {
  let from = thresholds;
  while (count > 1) {
    const half = count >> 1;
    from = value <= load<f32>(from + (<usize>(half - 1) << 2)) ? from : from + (<usize>half << 2);
    count -= half;
  }
  return <u32>((from - thresholds) >> 2) + u32(!(value <= load<f32>(from)));
}
