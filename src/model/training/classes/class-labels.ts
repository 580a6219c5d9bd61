import { classCodes, labels, type Table } from "../../../data/table/index.js";
import type { LabeledMatrix } from "../../kinds/learner.js";
import { classPlaces } from "../../scoring/class-results.js";

/** What is known of each row's class. */
export type ClassLabels = Pick<LabeledMatrix, "labels" | "classes">;

/**
 * The labels of a table; of a target of more than two classes also which class each row has.
 *
 * @throws ChurnkitError TARGET_INVALID.
 */
export function classLabels(table: Table): ClassLabels {
  const { target } = table.contract;
  const known = labels(table);
  if (target === undefined || target.classes.length <= 2) return { labels: known };
  return { labels: known, classes: { codes: classCodes(table), ...classPlaces(target) } };
}

/** Those of some rows. */
export const labelsOfRows = ({ labels, classes }: ClassLabels, rows: Uint32Array): ClassLabels => ({
  labels: Uint8Array.from(rows, (row) => labels[row] as number),
  ...(classes && { classes: { ...classes, codes: Uint8Array.from(rows, (row) => classes.codes[row] as number) } }),
});
