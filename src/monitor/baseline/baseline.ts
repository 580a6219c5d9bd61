import { ChurnkitError } from "../../base/errors.js";
import { permutation } from "../../base/random.js";
import { type Contract, contractHash } from "../../data/contract/index.js";
import type { Profile } from "../../data/profile/index.js";
import { takeRows, type Table } from "../../data/table/index.js";
import type { Artifact, Costs } from "../../model/artifact.js";
import { compile, type CompileOptions } from "../../model/scoring/index.js";
import { evaluateScores, summarize, type MetricSummary } from "../../model/evaluate/index.js";
import { explainerOf, type Explainer, type Explanation, importanceByColumn } from "../../model/explain/index.js";
import { attributionBaseline, type AttributionBaseline } from "../attribution/attribution-baseline.js";
import { countBias } from "../bias/count-table.js";
import type { BiasCounts } from "../bias/counts.js";
import { resolveFacet, type Facet } from "../bias/facets.js";
import { calibrationSummary, type CalibrationSummary } from "../performance/calibration-summary.js";
import { confidenceCounter, type ConfidenceCounts } from "../performance/confidence-counts.js";
import { outcomesOf } from "./outcomes.js";

/** Method of a model's attributions, the same in its baseline and later. */
export interface AttributionSettings {
  readonly backgroundRows: number;
  readonly samples: number;
  readonly seed: number;
}

/** Baselines of all four monitors in one value. Plain JSON without rows; about as large as its profile. */
export interface MonitorBaseline {
  readonly format: 1;
  readonly model: {
    readonly name: string;
    /** Hash of the feature columns. */
    readonly contractHash: string;
    readonly threshold: number;
    /** The positive class and the other. */
    readonly positive: string;
    readonly negative: string;
    readonly costs: Costs | null;
  };
  readonly contract: Contract;
  /** Of the training rows, and of held-out probabilities, marked `of: "predictions"`. */
  readonly profile: Profile;
  /** Rows of the table that the baseline was made from, and those set aside. */
  readonly rows: { readonly kept: number; readonly rejected: number };
  readonly quality: {
    /** Metrics on the table if it has labels of both classes, else the bundle's own, which also chose its threshold. */
    readonly heldOut: MetricSummary;
    /** The table's probabilities: the performance they predict is compared with that of later ones, without labels. */
    readonly confidence: ConfidenceCounts;
    /** Outcomes against probabilities; null if the table had no labels. */
    readonly calibration: CalibrationSummary | null;
  };
  /** Null if no facets were given. */
  readonly bias: {
    readonly facets: readonly Facet[];
    readonly favorable: "positive" | "negative";
    readonly counts: BiasCounts;
  } | null;
  /** Null if none were requested. */
  readonly attribution: {
    readonly settings: AttributionSettings;
    readonly baseline: AttributionBaseline;
    /** How much the model relies on each column of the contract, in log odds; it ranks drift. */
    readonly importance: readonly (readonly [column: string, weight: number])[];
  } | null;
}

/** Inputs of a baseline. */
export interface MonitorBaselineInput extends CompileOptions {
  readonly artifact: Artifact;
  /**
   * Labeled rows from the time of training that the model has not seen: its validation or test rows. Rows that it was
   * trained on are fine for everything except calibration, which looks too good on them.
   */
  readonly table: Table;
  /** Each row's probability by a model that has not seen the row; without them the model's own. */
  readonly probabilities?: Float64Array | undefined;
  /** The number of each row's group, for rows that belong together, such as copies of one: intervals draw them together. */
  readonly groups?: ArrayLike<number> | undefined;
  /** Groups to compare; a facet of labels without `groups` gets every level found. */
  readonly facets?: readonly Facet[] | undefined;
  /** The favorable outcome; "positive" by default. */
  readonly favorable?: "positive" | "negative" | undefined;
  /**
   * Number of explained rows of the table, 0 for no attribution monitor; 200 by default: its test needs no more, and
   * explaining takes time.
   */
  readonly attributionRows?: number | undefined;
  /** 100 background rows, 64 samples and seed 0 by default. */
  readonly attribution?: Partial<AttributionSettings> | undefined;
}

/**
 * Makes the baseline of all four monitors.
 *
 * @throws ChurnkitError TOO_FEW_ROWS for an empty table, CONTRACT_MISMATCH for one of other columns, OPTION_INVALID
 * for an impossible facet or an option out of range, VALUE_INVALID if a row has no finite score.
 *
 * @example
 * ```ts
 * import { defineFeatures, split, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { monitorBaseline, withMonitorBaseline } from "churnkit/monitor";
 * import { logistic, saveBundle, train } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 800, seed: 1 }).records);
 * const { train: rows, test: table } = split(customers, { seed: 1 });
 * const { artifact } = await train(defineFeatures(syntheticContract), rows, { learner: logistic() });
 * const baseline = await monitorBaseline({ artifact, table, facets: [{ column: "gender", groups: ["Female"] }] });
 * await saveBundle(withMonitorBaseline(artifact, baseline), "watched-model");
 * ```
 */
export async function monitorBaseline(input: MonitorBaselineInput): Promise<MonitorBaseline> {
  const { artifact, table, facets = [], favorable = "positive", kernel } = input;
  const { contract, decision, baseline: profile, metrics } = artifact;
  if (table.rows === 0) {
    throw new ChurnkitError(
      "TOO_FEW_ROWS",
      `${table.source}: a monitor's baseline needs rows. Give the rows held out in training.`,
      {
        where: { file: table.source },
      },
    );
  }
  const { threshold, costs } = decision;
  const { target } = contract;
  const probabilities = input.probabilities ?? (await compile(artifact, { kernel })).score(table);
  if (probabilities.length !== table.rows) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `There are ${probabilities.length} probabilities for ${table.rows} rows. Give one per row.`,
    );
  }
  const counter = confidenceCounter(threshold);
  for (const probability of probabilities) counter.add(probability);
  const known = outcomesOf(table, probabilities);
  const groups = input.groups && Float64Array.from(known.rows, (row) => input.groups?.[row] ?? NaN);
  const resolved = facets.map((facet) => resolvedFacet(table, facet));
  return {
    format: 1,
    model: {
      name: contract.name,
      contractHash: contractHash(contract),
      threshold,
      positive: target?.positive ?? "1",
      negative: target?.classes.find((label) => label !== target.positive) ?? "0",
      costs: costs ?? null,
    },
    contract,
    profile,
    rows: { kept: table.rows, rejected: table.rejected.length },
    quality: {
      heldOut: bothClasses(known.labels)
        ? summarize(evaluateScores(known.labels, known.probabilities, { threshold, costs, groups }))
        : metrics,
      confidence: counter.counts(),
      calibration: known.labels.length === 0 ? null : calibrationSummary(known.labels, known.probabilities),
    },
    bias:
      resolved.length === 0
        ? null
        : {
            facets: resolved,
            favorable,
            counts: countBias(table, { facets: resolved, probabilities, threshold, favorable }),
          },
    attribution: await attributionOf(input),
  };
}

/**
 * Checks before a training whether a baseline can have these facets.
 *
 * @throws ChurnkitError OPTION_INVALID for a facet that the table cannot have.
 */
export function checkFacets(table: Table, facets: readonly Facet[]): void {
  for (const facet of facets) resolvedFacet(table, facet);
}

const bothClasses = (labels: Uint8Array): boolean => labels.includes(0) && labels.includes(1);

/** Returns a facet with named groups, so that later rows and other shards count the same ones. */
function resolvedFacet(table: Table, facet: Facet): Facet {
  if (facet.column === table.contract.target?.column) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The facet "${facet.column}" is the target, which later rows don't have. Name a column of the customers.`,
      {
        where: { column: facet.column },
      },
    );
  }
  const { groups } = resolveFacet(table, facet);
  return facet.groups === undefined ? { ...facet, groups: groups.map(({ name }) => name) } : facet;
}

async function attributionOf({
  artifact,
  table,
  attributionRows = 200,
  attribution = {},
  kernel,
}: MonitorBaselineInput): Promise<MonitorBaseline["attribution"]> {
  if (!Number.isInteger(attributionRows) || attributionRows < 0) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `attributionRows is ${attributionRows}. Give a whole number, 0 for no attribution monitor.`,
    );
  }
  if (attributionRows === 0) return null;
  const settings: AttributionSettings = { backgroundRows: 100, samples: 64, seed: 0, ...attribution };
  const some = permutation(table.rows, settings.seed).subarray(0, attributionRows);
  const explanation: Explanation = (await explainerOf(artifact, { ...settings, kernel })).explain(
    takeRows(table, some),
  );
  return { settings, baseline: attributionBaseline(explanation), importance: [...importanceByColumn(explanation)] };
}

/**
 * Makes the explainer whose attributions are comparable with the baseline's: against the same background, drawn from
 * the bundle's profile, so that no customer's row is needed. Undefined if the baseline has no attributions.
 *
 * @throws ChurnkitError with the codes of `explainerOf`.
 */
export async function monitorExplainer(
  artifact: Artifact,
  { attribution }: Pick<MonitorBaseline, "attribution">,
  options: CompileOptions = {},
): Promise<Explainer | undefined> {
  return attribution === null ? undefined : explainerOf(artifact, { ...attribution.settings, ...options });
}
