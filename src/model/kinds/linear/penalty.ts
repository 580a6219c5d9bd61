import { ChurnkitError } from "../../../base/errors.js";
import type { LogisticProblem } from "./problem.js";

/** Strengths of the penalty `l2 / 2 * |weights|^2` against the sum of losses. */
export interface Penalty {
  readonly l2: number;
  /** For columns that refine another one: see `LabeledMatrix.details`. */
  readonly detailL2: number;
}

/** The problem with a penalty; `details` marks the columns of the second strength. */
export function penalized(
  problem: LogisticProblem,
  { l2, detailL2 }: Penalty,
  details: Uint8Array | undefined,
): LogisticProblem {
  const penalties = Float64Array.from({ length: problem.width }, (_, column) =>
    details?.[column] === 1 ? detailL2 : l2,
  );
  return { ...problem, penalties };
}

/** @throws ChurnkitError OPTION_INVALID for an invalid strength. */
export function checkStrength(l2: number | "cross-validated"): void {
  if (l2 === "cross-validated" || (l2 >= 0 && Number.isFinite(l2))) return;
  throw new ChurnkitError("OPTION_INVALID", `l2 is ${l2}. Give a finite number of 0 or more, or "cross-validated".`, {
    where: { path: "l2" },
  });
}
