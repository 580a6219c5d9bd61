import { ChurnkitError } from "../../base/errors.js";
import type { Scorer } from "./compile.js";

/**
 * A scorer whose probabilities are those of one class: what changes columns and scores again (partial dependence,
 * counterfactuals, permutation importance) then tells about that class. No threshold was chosen for a class other than the
 * positive one, so that of its decision is 0.5. The labels stay those of the scorer.
 *
 * @throws ChurnkitError OPTION_INVALID for a class that the contract doesn't have.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { logistic, oneClass, partialDependence, train } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed: 1 }).records);
 * const { scorer } = await train(defineFeatures(syntheticContract), customers, { learner: logistic(), baseline: false });
 * const { grid, mean } = partialDependence(oneClass(scorer, "No"), customers, "tenureMonths");
 * grid.forEach((value, i) => console.log(value, mean[i]));
 * ```
 */
export function oneClass<Request>(
  scorer: Scorer<Request>,
  label: string,
): Pick<Scorer<Request>, "contract" | "decision" | "score" | "scoreRecords"> {
  const { contract } = scorer;
  const { classes = [], positive = "", column = "" } = contract.target ?? {};
  const place = classes.indexOf(label);
  if (place < 0) {
    throw new ChurnkitError("OPTION_INVALID", unknownClass(label, classes), { where: { value: label.slice(0, 80) } });
  }
  if (label === positive) return scorer;
  return {
    contract: { ...contract, target: { column, classes, positive: label } },
    decision: { threshold: 0.5, rule: "given" },
    score(table) {
      const all = scorer.scoreClasses(table);
      return Float64Array.from({ length: table.rows }, (_, row) => all[row * classes.length + place] as number);
    },
    scoreRecords: (records, options) =>
      scorer.scoreRecords(records, options).map((scored) => {
        if (scored.probability === null) return scored;
        const probability = scored.probabilities?.[label] ?? 1 - scored.probability;
        return { ...scored, probability };
      }),
  };
}

/** Says that there is no such class. */
export const unknownClass = (label: string, classes: readonly string[]): string =>
  `There is no class ${JSON.stringify(label.slice(0, 80))}. Use one of ${classes.map((one) => JSON.stringify(one)).join(", ")}.`;
