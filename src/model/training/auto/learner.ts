import { counted } from "../../../base/counted.js";
import { ChurnkitError } from "../../../base/errors.js";
import type { Learner } from "../../kinds/learner.js";
import type { ChurnNetworkOptions } from "../../kinds/network/learner.js";
import { presets as presetsOf, type Candidate } from "./presets.js";

/** Ratios of numbers beyond these hardly say more. */
const mostRatios = 8;

/** Parameters of {@link auto}. */
export interface AutoOptions {
  /** Candidate learners in the order of their training. Default: presets of logistic regression, boosting, network and forest. */
  readonly learners?: readonly Learner[] | undefined;
  /**
   * How many candidates are tried; with more than two classes, also a list with a number for each. Default: as many as the
   * budget allows.
   */
  readonly presets?: number | readonly number[] | undefined;
  /** Microseconds that scoring one record may take, by a table of operations. Default: no limit. */
  readonly maxLatency?: number | undefined;
  /** Replaces the stack by one network that learns its held-out probabilities. Default false. */
  readonly distill?: boolean | undefined;
  /** Options of the networks among the presets, and of a distilled one. */
  readonly network?: ChurnNetworkOptions | undefined;
}

/** The options, complete. */
export interface AutoParameters {
  readonly candidates: readonly Candidate[];
  /** Whether the number of candidates was given, so that no budget needs to limit it. */
  readonly counted: boolean;
  readonly maxLatency: number;
  readonly distill: boolean;
  readonly network: ChurnNetworkOptions;
}

/**
 * The strongest model that a budget allows: it trains several learners on the same rows and averages their log odds,
 * each with a weight that is fitted on held-out probabilities (stacking). A simpler rule (equal weights, one learner
 * alone) wins where it is better on rows that did not fit the weights. Learners without weight are left out. In tables of
 * many rows it adds ratios of numbers to the features.
 *
 * Candidates are tried in a fixed order until the budget is spent, by default a minute, or up to five for large
 * tables. The provenance (`parameters.auto`) has the choice, the reason and the number of candidates that were tried;
 * with that number as `presets` the same rows give the same bits on any machine.
 *
 * @throws ChurnkitError OPTION_INVALID for options out of range; the learners' errors, if all of them fail.
 * @example
 * ```ts
 * import { auto, boosting, logistic } from "churnkit/model";
 *
 * console.log(auto().parameters, auto({ learners: [logistic(), boosting()] }).parameters);
 * ```
 */
export function auto(options: AutoOptions = {}): Learner {
  const { learners, presets, maxLatency, distill = false, network = {} } = options;
  const all: readonly Candidate[] = learners
    ? learners.map((learner) => ({ name: learner.name, learner: () => learner }))
    : presetsOf(network);
  check(options, all);
  const each = typeof presets === "object" ? presets : undefined;
  const candidates = all.slice(0, Math.max(...(countsOf(presets) ?? [all.length])));
  const parameters: AutoParameters = {
    candidates,
    counted: presets !== undefined,
    maxLatency: maxLatency ?? Infinity,
    distill,
    network,
  };
  // Folds don't depend on the size.
  const size = { rows: 1, width: 1 };
  return {
    name: "auto",
    parameters: {
      learners: candidates.map(({ name }) => name),
      ...(presets === undefined ? {} : { presets }),
      ...(maxLatency === undefined ? {} : { maxLatency }),
      ...(distill ? { distill } : {}),
    },
    folds: Math.max(...candidates.map(({ learner }) => learner(size).folds ?? 0)),
    ...(learners ? {} : { ratios: mostRatios }),
    ...(each && {
      ofClass: (place: number, count: number) => auto({ ...options, presets: ownOf(each, place, count) }),
    }),
    async fit(training, validation, context) {
      if (each) ownOf(each, 0, 2);
      const { fitStack } = await import("./fit-stack.js");
      return fitStack(parameters, training, validation, context);
    },
  };
}

const countsOf = (presets: AutoOptions["presets"]): readonly number[] | undefined =>
  typeof presets === "number" ? [presets] : presets;

/** The number of one class of so many. */
function ownOf(presets: readonly number[], place: number, count: number): number {
  const own = presets[place];
  if (presets.length === count && count > 2 && own !== undefined) return own;
  const message = `presets of auto has ${counted(presets.length, "number")}, and the target ${count} classes. Give one number, or with more than two classes one for each.`;
  throw new ChurnkitError("OPTION_INVALID", message, { where: { path: "presets" } });
}

function check({ presets, maxLatency }: AutoOptions, candidates: readonly Candidate[]): void {
  const names = candidates.map(({ name }) => name);
  const refuse = (message: string, path: string): never => {
    throw new ChurnkitError("OPTION_INVALID", message, { where: { path } });
  };
  if (names.length === 0 || new Set(names).size < names.length)
    refuse(
      `The learners to choose from are ${names.join(", ") || "none"}. Give at least one, each with a different name.`,
      "learners",
    );
  const counts = countsOf(presets);
  if (counts?.every((count) => Number.isInteger(count) && count >= 1 && count <= names.length) === false)
    refuse(`presets of auto is ${counts.join(", ")}. Give a whole number from 1 to ${names.length}.`, "presets");
  if (counts?.length === 0) refuse("presets of auto is an empty list. Give a number for each class.", "presets");
  if (maxLatency !== undefined && !(maxLatency > 0 && maxLatency < Infinity))
    refuse(`maxLatency of auto is ${maxLatency}. Give a number of microseconds above 0.`, "maxLatency");
}
