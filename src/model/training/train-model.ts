import { counted } from "../../base/counted.js";
import { ChurnkitError } from "../../base/errors.js";
import { machineFacts, type Work, workMeter } from "../../base/node.js";
import { type Features, detailColumns, fitRecipe } from "../../data/features/index.js";
import { profileTable } from "../../data/profile/index.js";
import { classCodes, hashTable, type Table } from "../../data/table/index.js";
import { openBudget, type Cap } from "../kinds/budget.js";
import type { TrainingRun } from "../artifact.js";
import { assemble, type Parts } from "./assemble.js";
import { classLabels } from "./classes/class-labels.js";
import { oneVersusRest } from "./classes/one-versus-rest.js";
import { decide } from "./decide.js";
import { defaultWorkers } from "./default-workers.js";
import { compile } from "../scoring/compile.js";
import type { LabeledMatrix, Learned, Learner, LearnerContext } from "../kinds/learner.js";
import { checkRowWeights, repeatedByWeight } from "../kinds/row-weights.js";
import { logistic } from "../kinds/linear/learner.js";
import { churnNetwork } from "../kinds/network/learner.js";
import { observed, type TrainingObserver } from "./observe.js";
import type { TrainedModel, TrainOptions } from "./train.js";
import { trainingExtras } from "./training-facts.js";

/** Implements `train` before an observer's eyes. */
export async function trainObserved<Row, Request>(
  features: Features<Row, Request>,
  table: Table<Row>,
  options: TrainOptions<Row>,
  observer: TrainingObserver,
): Promise<TrainedModel<Row, Request>> {
  const { learner = churnNetwork(), seed = 0, validation, gitCommit, onProgress, signal } = options;
  const { name, parameters } = learner;
  const rows = { train: table.rows, validation: validation?.rows ?? 0 };
  const { contract, source } = table;
  const begin = { work: "training" as const, learner: name, parameters, seed, contract, source, rows, gitCommit };
  const { model } = await observed(observer, begin, signal, async (told) => ({
    model: await trainModel(features, table, {
      ...options,
      learner,
      onProgress(progress) {
        told.progress(progress);
        onProgress?.(progress);
      },
    }),
  }));
  return model;
}

/** Implements `train`. */
export async function trainModel<Row, Request>(
  features: Features<Row, Request>,
  table: Table<Row>,
  options: TrainOptions<Row>,
): Promise<TrainedModel<Row, Request>> {
  const worked = workMeter();
  const {
    validation,
    learner: given = churnNetwork(),
    threshold = { rule: "f1" },
    baseline = true,
    seed = 0,
  } = options;
  const budget = options.budget && openBudget(options.budget);
  const learner = oneVersusRest(given);
  const rival = baseline && learner.name !== "logistic" ? oneVersusRest(logistic()) : undefined;
  const known = classLabels(table);
  if (!validation) for (const one of [learner, ...(rival ? [rival] : [])]) checkFolds(table, one);
  const { recipe, encoder, matrix, notes } = fitRecipe(features, table, { seed, ratios: learner.ratios });
  const rowWeights = options.weights && Float32Array.from(options.weights);
  // For learners of the caller's too.
  checkRowWeights({ labels: known.labels, rowWeights });
  const details = detailColumns(recipe);
  const training = { matrix, width: encoder.width, ...known, details, rowWeights, recipe };
  const held = validation && {
    matrix: encoder.encode(validation),
    width: encoder.width,
    ...classLabels(validation),
  };
  const { checkpoint: place, workers = await defaultWorkers() } = options;
  const checkpoint = typeof place === "string" ? (await import("../../io/store/index.js")).filesStore(place) : place;
  const context: LearnerContext = { ...options, seed, budget, workers, checkpoint };
  const shared = {
    contract: table.contract,
    recipe,
    baseline: profileTable(table, { cutPoints: 256 }),
    extras: trainingExtras(table, validation),
  };
  const provenance = {
    seed,
    dataHash: await hashTable(table),
    rows: { train: table.rows, validation: validation?.rows ?? 0 },
    gitCommit: options.gitCommit,
  };

  const finish = async (
    one: Learner,
    learned: Learned,
    took: () => Work,
  ): Promise<Omit<TrainedModel<Row, Request>, "baseline">> => {
    const heldOut = rowWeights && !held ? repeatedByWeight(learned.heldOut, rowWeights) : learned.heldOut;
    const { model, found, caps = [], history, learner: maker = one.name } = learned;
    const decided = decide({ heldOut }, (held ?? training).labels, threshold, heldOut !== learned.heldOut);
    const { classes } = held ?? training;
    const { artifact, evaluation } = await assemble({
      ...shared,
      ...decided,
      ...(classes && heldOut.ofClasses && { ofClasses: classesHeldOut(heldOut.rows, heldOut.ofClasses, classes) }),
      model,
      provenance: {
        ...provenance,
        learner: maker,
        parameters: { ...one.parameters, ...found, ...(caps.length > 0 ? { caps } : {}) },
      },
    });
    const heldOutScores = { rows: heldOut.rows, probabilities: decided.probabilities };
    const scorer = await compile(artifact);
    const trainingRun: TrainingRun = { ...took(), machine: machineWords() };
    return { artifact, scorer, heldOut: evaluation, heldOutScores, trainingRun, history, caps, notes };
  };
  const made = await learner.fit(training, held, context);
  if (!rival) return { ...(await finish(learner, made, worked)), baseline: undefined };
  if (budget?.spent) {
    const left: Cap = {
      cap: "budget",
      message: `${budget.name} left no time for the baseline, logistic regression, which was skipped`,
    };
    return { ...(await finish(learner, { ...made, caps: [...(made.caps ?? []), left] }, worked)), baseline: undefined };
  }
  const own = await finish(learner, made, worked);
  const rivalWorked = workMeter();
  const learned = await rival.fit(training, held, { seed, budget });
  return { ...own, baseline: { ...(await finish(rival, learned, rivalWorked)), baseline: undefined } };
}

const classesHeldOut = (
  rows: Uint32Array,
  probabilities: Float64Array,
  { codes }: NonNullable<LabeledMatrix["classes"]>,
): Parts["ofClasses"] => ({ codes: Uint8Array.from(rows, (row) => codes[row] ?? 0), probabilities });

function machineWords(): string | undefined {
  const machine = machineFacts();
  return machine && `${machine.platform}, ${counted(machine.cores, "processor")}, Node ${machine.node}`;
}

/** Says in the data's own terms that a class has fewer rows than a learner has folds. */
function checkFolds(table: Table, { name, folds = 0 }: Learner): void {
  const { column = "", classes = [] } = table.contract.target ?? {};
  const codes = classCodes(table);
  for (const [place, label] of classes.entries()) {
    const count = codes.reduce((sum, code) => sum + Number(code === place), 0);
    if (count >= folds) continue;
    throw new ChurnkitError(
      "TOO_FEW_ROWS",
      `${table.source}: only ${counted(count, "row")} of ${codes.length} hold ${JSON.stringify(label)} in "${column}"; the learner ${name} splits ` +
        `the rows into ${folds} folds and needs as many of each class. Give more rows, or validation rows.`,
      { where: { file: table.source, column, value: label } },
    );
  }
}
