import type { FeatureBlock } from "../recipe.js";
import type { BlockKind } from "./block.js";
import { frequencyKind, targetKind } from "./lookup.js";
import { numericKind } from "./numeric.js";
import { oneHotKind } from "./one-hot.js";
import { piecewiseKind } from "./piecewise.js";
import { textKind } from "./text.js";
import { valuesKind } from "./block-values.js";

/** Every kind of block: its writer and its JSON form. Only this table knows how a block encodes. */
export const blockKinds = {
  numeric: numericKind,
  piecewise: piecewiseKind,
  values: valuesKind,
  oneHot: oneHotKind,
  target: targetKind,
  frequency: frequencyKind,
  text: textKind,
} as const satisfies { readonly [Kind in FeatureBlock["kind"]]: BlockKind<Extract<FeatureBlock, { kind: Kind }>> };

export const blockKindNames = Object.keys(blockKinds) as FeatureBlock["kind"][];

/** The kind of a block, for use with that block only. */
export function kindOf(block: Pick<FeatureBlock, "kind">): BlockKind<FeatureBlock> {
  return blockKinds[block.kind];
}
