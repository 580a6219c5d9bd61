import { logit } from "../../../stats/logistic.js";
import type { ClassesModel } from "../../artifact.js";
import { joinClasses } from "../../kinds/classes/join-classes.js";
import { partOf } from "../../kinds/budget.js";
import type { HeldOut, LabeledMatrix, Learned, Learner } from "../../kinds/learner.js";
import { fitSoftmax } from "./fit-softmax.js";

/**
 * Makes a learner of three or more classes from one of two: it trains a model of each class against the others, and joins
 * them by a softmax of their log odds, fitted on the rows that all of them held out. Data of two classes goes to the
 * learner as it is.
 */
export function oneVersusRest(learner: Learner): Learner {
  return {
    ...learner,
    async fit(training, validation, context) {
      const { classes } = training;
      if (classes === undefined) return learner.fit(training, validation, context);
      const each: Learned[] = [];
      for (let k = 0; k < classes.count; k++) {
        // Else the first class would use all the time, and the others' models would hardly be trained.
        const budget = context.budget && partOf(context.budget, 1 / (classes.count - k));
        const own = learner.ofClass?.(k, classes.count) ?? learner;
        const ofClass = { place: k, count: classes.count };
        each.push(
          await own.fit(against(training, k), validation && against(validation, k), {
            ...context,
            budget,
            onProgress: context.onProgress && ((progress) => context.onProgress?.({ ...progress, ofClass })),
          }),
        );
      }
      return joined(each, validation ?? training, classes);
    },
  };
}

/** The same rows, labeled 1 where they are of class `k`. */
function against({ classes, ...matrix }: LabeledMatrix, k: number): LabeledMatrix {
  const codes = classes?.codes ?? new Uint8Array();
  return { ...matrix, labels: codes.map((code) => Number(code === k)), strata: codes };
}

function joined(
  each: readonly Learned[],
  judged: LabeledMatrix,
  { count, positive }: NonNullable<LabeledMatrix["classes"]>,
): Learned {
  const { rows, table } = heldOutByAll(each.map(({ heldOut }) => heldOut));
  const codes = Uint8Array.from(rows, (row) => judged.classes?.codes[row] ?? 0);
  const weights = judged.rowWeights && Float64Array.from(rows, (row) => judged.rowWeights?.[row] ?? 1);
  const softmax = fitSoftmax(table.map(logit), codes, count, weights);
  joinClasses(softmax, table);
  const probabilities = Float64Array.from(rows, (_, i) => table[i * count + positive] as number);
  const members = each.map(({ model }) => model);
  const model: ClassesModel = { kind: "classes", members, positive, ...softmax };
  const learner = each[positive]?.learner;
  return {
    model,
    heldOut: { rows, probabilities, ofClasses: table },
    history: each.flatMap(({ history }) => history),
    found: { classes: each.map(({ found = {} }) => found) },
    caps: each.flatMap(({ caps = [] }) => caps),
    ...(learner !== undefined && { learner }),
  };
}

/** The rows that every model held out, ascending, and their probabilities by each, rows x models. */
function heldOutByAll(all: readonly HeldOut[]): { rows: Uint32Array; table: Float64Array } {
  const byRow = all.map(({ rows, probabilities }) => {
    const found = new Map<number, number>();
    rows.forEach((row, i) => found.set(row, probabilities[i] as number));
    return found;
  });
  const rows = Uint32Array.from(byRow[0]?.keys() ?? [])
    .filter((row) => byRow.every((one) => one.has(row)))
    .sort();
  const table = new Float64Array(rows.length * all.length);
  rows.forEach((row, i) => byRow.forEach((one, k) => (table[i * all.length + k] = one.get(row) as number)));
  return { rows, table };
}
