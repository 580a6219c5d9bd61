/** Weights are in the table for sides with fewer groups than this. */
const tableSize = 64;

function weightOf(own: number, others: number): number {
  if (own === 0) return 0;
  let weight = 1 / own;
  for (let i = 1; i <= others; i++) weight *= i / (own + i);
  return weight;
}

const table = Float64Array.from({ length: tableSize * tableSize }, (_, i) =>
  weightOf(Math.floor(i / tableSize), i % tableSize),
);

/**
 * Shapley weight of a leaf for each group of its own side, when `own` groups of one side and `others` of the other
 * lead to it: (own - 1)! others! / (own + others)!, the share of orders in which that group is the last of its side
 * and none of the others came before it. 0 for a side without groups.
 */
export const leafWeight = (own: number, others: number): number =>
  own < tableSize && others < tableSize ? (table[own * tableSize + others] as number) : weightOf(own, others);

/** Who decides a group along a path: nobody yet, the row, or the background row. */
export const open = 0;
export const rowSide = 1;
export const backgroundSide = 2;
