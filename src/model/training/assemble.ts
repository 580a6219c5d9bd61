import { version } from "../../base/version.js";
import { profilePredictions, type Profile } from "../../data/profile/index.js";
import type { Artifact, Provenance } from "../artifact.js";
import { goldenRows } from "../bundle/golden.js";
import { classEvaluation, type ClassEvaluation } from "../evaluate/evaluate-classes.js";
import { evaluateScores, summarize, type Evaluation } from "../evaluate/evaluate-scores.js";
import { calibrateClasses, classPlaces } from "../scoring/class-results.js";
import { compile } from "../scoring/compile.js";
import type { Decided } from "./decide.js";

/** What an artifact is made of. */
export interface Parts extends Decided, Pick<Artifact, "contract" | "recipe" | "model"> {
  /** Each held-out row's class and the probabilities of all, not calibrated, where there are more than two. */
  readonly ofClasses?: { readonly codes: Uint8Array; readonly probabilities: Float64Array } | undefined;
  readonly extras?: Artifact["extras"];
  /** Profile of the rows, without the predictions. */
  readonly baseline: Profile;
  readonly provenance: Omit<Provenance, "versions">;
}

/** Evaluates the held-out rows and completes the artifact with golden rows. */
export async function assemble(parts: Parts): Promise<{ artifact: Artifact; evaluation: Evaluation }> {
  const {
    contract,
    recipe,
    model,
    calibration,
    decision,
    labels,
    probabilities,
    groups,
    baseline,
    extras,
    provenance,
    ofClasses,
  } = parts;
  const { threshold, costs } = decision;
  const evaluation = {
    ...evaluateScores(labels, probabilities, { threshold, costs, groups }),
    ...(ofClasses && { classes: evaluatedClasses(contract, calibration, ofClasses, groups) }),
  };
  const predictions = profilePredictions(probabilities, contract, { cutPoints: 256 });
  const draft: Artifact = {
    contract,
    recipe,
    model,
    calibration,
    decision,
    baseline: { ...baseline, columns: [...baseline.columns, predictions] },
    metrics: summarize(evaluation),
    golden: [],
    extras,
    provenance: { ...provenance, versions: { churnkit: version } },
  };
  const scorer = await compile(draft);
  const records = goldenRows(contract, { seed: provenance.seed });
  const golden = scorer.scoreRecords(records).flatMap(({ probability }, i) => {
    const record = records[i];
    return record && probability !== null ? [{ record, probability }] : [];
  });
  return { artifact: { ...draft, golden }, evaluation };
}

function evaluatedClasses(
  { target }: Artifact["contract"],
  calibration: Artifact["calibration"],
  { codes, probabilities }: NonNullable<Parts["ofClasses"]>,
  groups: Parts["groups"],
): ClassEvaluation | undefined {
  if (target === undefined) return undefined;
  const calibrated = probabilities.slice();
  calibrateClasses(calibration, calibrated, classPlaces(target));
  return classEvaluation(target.classes, codes, calibrated, groups);
}
