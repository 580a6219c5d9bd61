import type { FeatureBlock, Recipe } from "../recipe.js";
import { kindOf } from "../blocks/kinds.js";
import type { Candidate } from "./candidate.js";

/** With up to this many matrix columns, details cost little and do no harm that a penalty can't prevent. */
const manyColumns = 200;
/** Beyond that, each column needs this many rows. */
const rowsPerColumn = 5;

/** Returns whether this many rows can support the candidates with their details. Words are few in a row, and don't count. */
export const affordsDetails = (candidates: readonly Candidate[], rows: number): boolean => {
  const width = candidates.reduce(
    (sum, { block }) => sum + (block.kind === "text" ? 0 : kindOf(block).width(block)),
    0,
  );
  return width <= manyColumns || rows >= rowsPerColumn * width;
};

/** Blocks that refine a number that another block already has scaled: bins, and single values. */
function detailsIn(blocks: readonly FeatureBlock[]): boolean[] {
  const scaled = new Set(blocks.filter(({ kind }) => kind === "numeric").map(({ input }) => input));
  return blocks.map(({ kind, input }) => (kind === "piecewise" || kind === "values") && scaled.has(input));
}

/** Returns for each matrix column 1 if it is a detail of a number that another column has scaled, else 0. */
export function detailColumns({ blocks }: Recipe): Uint8Array {
  const details = detailsIn(blocks);
  return Uint8Array.from(
    blocks.flatMap((block, i) => new Array<number>(kindOf(block).width(block)).fill(details[i] ? 1 : 0)),
  );
}
