import { canonicalJson } from "../../../../base/json/index.js";
import { ChurnkitError } from "../../../../base/errors.js";
import { conditionsOf, type PipelineStep, referencesOf } from "../../../../jobs/graph.js";

/** Steps that run under the same conditions, and those that run under more. */
export interface Block {
  /** Undefined for the whole pipeline. */
  readonly outer: Block | undefined;
  readonly steps: PipelineStep[];
  /** The blocks in it; the first step of each has the conditions. */
  readonly inner: Map<string, Block>;
}

const blockIn = (outer?: Block): Block => ({ outer, steps: [], inner: new Map() });

/**
 * Puts steps into blocks. A step is skipped where one that it needs is skipped, so it stands in the innermost block of those; its own
 * conditions open another block there.
 *
 * @param steps each after those it needs.
 * @throws ChurnkitError PIPELINE_INVALID for a step that needs two blocks of which none is inside the other.
 */
export function blocksOf(steps: readonly PipelineStep[]): Block {
  const whole = blockIn();
  const blocks = new Map<string, Block>();
  for (const step of steps) {
    let block = whole;
    for (const reference of referencesOf(step)) {
      const needed = blocks.get(reference.split(".", 1)[0] ?? "") ?? whole;
      if (!isInside(block, needed)) {
        if (!isInside(needed, block)) throw apart(step.id, block, needed);
        block = needed;
      }
    }
    const conditions = conditionsOf(step);
    if (conditions.length > 0) {
      const key = canonicalJson(conditions);
      const known = block.inner.get(key) ?? blockIn(block);
      block.inner.set(key, known);
      block = known;
    }
    block.steps.push(step);
    blocks.set(step.id, block);
  }
  return whole;
}

const isInside = (block: Block | undefined, outer: Block): boolean =>
  block !== undefined && (block === outer || isInside(block.outer, outer));

const firstOf = ({ steps: [first] }: Block): string => first?.id ?? "";

const apart = (id: string, one: Block, other: Block): ChurnkitError =>
  new ChurnkitError(
    "PIPELINE_INVALID",
    `The pipeline's step ${JSON.stringify(id)} needs steps under the conditions of both ${firstOf(one)} and ${firstOf(other)}. ` +
      "SageMaker's conditions stand one inside the other: give one of these steps the conditions of both.",
    { where: { path: `steps.${id}` } },
  );
