import { ChurnkitError } from "../../base/errors.js";
import { compileRecipe } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { Artifact, ModelNode } from "../artifact.js";
import type { Contract } from "../../data/contract/index.js";
import { unknownClass } from "../scoring/one-class.js";
import { scorerContext, type CompileOptions } from "../scoring/compile.js";
import type { AttributionTask, Attributor } from "../kinds/attributor.js";
import type { ScorerContext } from "../kinds/model-kind.js";
import { backgroundFromProfile, backgroundFromTable } from "./background.js";
import { calibratedAttributor } from "./calibrated.js";
import { classAttributor, classScorer } from "./class-attributor.js";
import { classLogOdds } from "./class-log-odds.js";
import { columnGroups } from "./columns.js";
import { differentiableOf, explainerKindOf, isExact } from "./explainers.js";
import { expectedGradients } from "./expected-gradients.js";
import type { Explainer } from "./explanation.js";
import { lime } from "./lime.js";
import { pooledAttributor } from "./pooled.js";
import { sampledShapley } from "./sampled-shapley.js";

/** Background of the explanations, and their accuracy. */
export interface ExplainerOptions extends CompileOptions {
  /** Real rows for comparison, ideally training rows; drawn from the artifact's baseline profile by default. */
  readonly background?: Table | undefined;
  /** Rows of the background, 1 to 10,000; a larger table is sampled. Default 100. */
  readonly backgroundRows?: number | undefined;
  /**
   * Points sampled for each row if the method samples, 8 to 100,000. Errors fall with the root. Default 64, and 1,000 for
   * LIME.
   */
  readonly samples?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** The class whose probability is explained. Default: the positive one. */
  readonly class?: string | undefined;
  /** `lime` explains by LIME, to compare; by default the best method for the kind of model, all of which are Shapley values. */
  readonly method?: "lime" | undefined;
}

/** Rows encoded at a time. */
const chunk = 256;

/**
 * Makes the explainer of an artifact: SHAP values of its calibrated log odds, log(p / (1 - p)) of the scorer's
 * probability p of the positive class, or of another one, for columns of the contract. Linear models and boosted trees are explained exactly, forests in
 * probabilities that are scaled to log odds, networks and ensembles of networks and linear models by expected gradients, also those that tell several classes apart;
 * what samples gives a standard error for each value. The output of an ensemble that
 * averages probabilities is the log odds of that mean, by the chain rule; a stack averages its members' log odds.
 * Platt calibration is affine in log odds, so it scales values; beta and isotonic calibration scale a row's values by
 * the slope of the line from the base to the row. For every kind, the
 * values of a row sum to its output minus the base; only those of LIME don't.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH when contract, recipe, model and background don't fit together,
 * OPTION_INVALID for options out of range, KERNEL_UNAVAILABLE when a network's kernel cannot be compiled here, TOO_FEW_ROWS for an empty background, VALUE_INVALID when the background has
 * no finite score.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { explainerOf, importance, logistic, train } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed: 1 }).records);
 * const { artifact } = await train(defineFeatures(syntheticContract), customers, { learner: logistic() });
 * const explainer = await explainerOf(artifact, { background: customers });
 * const explanation = explainer.explain(customers);
 * console.log(importance(explanation)[0]?.column);
 * ```
 */
export async function explainerOf(
  artifact: Pick<Artifact, "contract" | "recipe" | "model" | "calibration" | "decision" | "baseline">,
  options: ExplainerOptions = {},
): Promise<Explainer> {
  const { contract, recipe, model, calibration, decision } = artifact;
  const { method, samples = method === "lime" ? 1000 : 64, seed = 0 } = options;
  if (!Number.isInteger(samples) || samples < 8 || samples > 100_000) {
    throw new ChurnkitError("OPTION_INVALID", `samples is ${samples}. Give a whole number from 8 to 100000.`, {
      where: { value: samples },
    });
  }
  const encoder = compileRecipe(recipe, contract);
  const { columns, groupOf } = columnGroups(contract, recipe);
  const drawing = { rows: options.backgroundRows, seed };
  const rows =
    options.background === undefined
      ? backgroundFromProfile(contract, artifact.baseline, drawing)
      : backgroundFromTable(options.background, drawing);
  const task: AttributionTask = {
    background: encoder.encode(rows),
    backgroundRows: rows.rows,
    inputs: encoder.width,
    groupOf,
    groups: columns.length,
    samples,
    seed,
  };
  const explained = explainedClass(contract, options.class);
  const attributor = await attributorOf({ contract, model, calibration }, explained, task, options);
  const { base } = attributor;
  if (!Number.isFinite(base)) {
    throw new ChurnkitError(
      "VALUE_INVALID",
      "The model has no finite score for the background. Check its numbers, or train again.",
      {
        where: { file: rows.source },
      },
    );
  }

  const features = new Float32Array(chunk * encoder.width);
  const width = columns.length;

  return {
    contract,
    recipe,
    decision,
    class: explained,
    columns,
    method: attributor.method,
    base,
    explain(table) {
      const values = new Float64Array(table.rows * width);
      const errors = new Float64Array(table.rows * width);
      const outputs = new Float64Array(table.rows);
      for (let first = 0; first < table.rows; first += chunk) {
        const end = Math.min(first + chunk, table.rows);
        encoder.encode(table, features, first, end);
        for (let row = first; row < end; row++) {
          const ownValues = values.subarray(row * width, (row + 1) * width);
          const ownErrors = errors.subarray(row * width, (row + 1) * width);
          outputs[row] = attributor.attribute(features, (row - first) * encoder.width, ownValues, ownErrors);
          let sum = 0;
          for (let c = 0; c < width; c++) sum += (ownValues[c] as number) + (ownErrors[c] as number);
          if (!Number.isFinite(sum) || !Number.isFinite(outputs[row])) throw notFinite(table, row);
        }
      }
      return {
        class: explained,
        columns,
        rows: table.rows,
        base,
        outputs,
        values,
        errors,
        method: attributor.method,
        samples: attributor.samples,
        backgroundRows: rows.rows,
      };
    },
  };
}

/** The class of that name, or the positive one. */
function explainedClass({ target }: Pick<Contract, "target">, named: string | undefined): string {
  const { classes = [], positive = "" } = target ?? {};
  if (named === undefined || classes.includes(named)) return named ?? positive;
  throw new ChurnkitError("OPTION_INVALID", unknownClass(named, classes), { where: { value: named.slice(0, 80) } });
}

/** Attributes the calibrated log odds of a class. */
async function attributorOf(
  { contract, model, calibration }: Pick<Artifact, "contract" | "model" | "calibration">,
  explained: string,
  task: AttributionTask,
  options: ExplainerOptions,
): Promise<Attributor> {
  const context = await scorerContext(model, task.inputs, options);
  // Made for every kind, because it checks that the model, members included, fits its recipe.
  const scorer = context.scorerOf(model);
  const { classes = [], positive } = contract.target ?? {};
  if (model.kind === "classes") {
    const logOdds = classLogOdds(model, calibration, classes.indexOf(explained));
    const members = model.members.map((member) => ({
      scorer: context.scorerOf(member),
      exact: isExact(member) ? attributorIn(context, member, task) : undefined,
      differentiable: differentiableOf(member, context.kernel),
    }));
    return options.method === "lime"
      ? lime(classScorer(members, logOdds), task)
      : classAttributor(members, logOdds, task);
  }
  const raw = options.method === "lime" ? lime(scorer, task) : attributorIn(context, model, task);
  return calibratedAttributor(raw, calibration, explained === positive ? 1 : -1);
}

function attributorIn(context: ScorerContext, model: ModelNode, task: AttributionTask): Attributor {
  if (model.kind === "ensemble" && model.average === "logOdds") {
    const { members, weights } = model;
    const weighted = members.map((member, k) => ({
      attributor: attributorIn(context, member, task),
      weight: weights?.[k] ?? 1 / members.length,
    }));
    return pooledAttributor(weighted, task);
  }
  const exact = explainerKindOf(model)?.exact?.(model, task);
  if (exact !== undefined) return exact;
  const differentiable = differentiableOf(model, context.kernel);
  return differentiable === undefined
    ? sampledShapley(context.scorerOf(model), task)
    : expectedGradients(differentiable, task);
}

function notFinite(table: Table, row: number): ChurnkitError {
  return new ChurnkitError(
    "VALUE_INVALID",
    "The model has no finite score for this row, so there is nothing to explain. Check the row's numbers.",
    {
      where: { file: table.source, row: table.rowNumbers[row] },
    },
  );
}
