import { ChurnkitError } from "../../base/errors.js";
import { version } from "../../base/version.js";
import { flatMetrics, trackedLabels } from "../../model/evaluate/index.js";
import type { TrainedModel, TrainingBegin, TrainingWatch, Trial } from "../../model/training/index.js";
import type { TrainingProgress } from "../../model/kinds/index.js";
import type { TrackedRun } from "../runs/run.js";
import { flatParameters } from "./flat-parameters.js";
import { systemMeter } from "./system-meter.js";

/**
 * Logs a training into a run: parameters, each epoch, figures on held-out rows, pictures and a report, the bundle, what it
 * took of the machine; of a search also a run in it for each trial.
 *
 * @param options.bundle log the bundle too. Default true.
 */
export function trainingLog(
  run: TrackedRun,
  begin: TrainingBegin,
  { bundle = true }: { readonly bundle?: boolean } = {},
): TrainingWatch {
  const meter = systemMeter();
  const epochs = new Map<string, number>();
  const trials: Promise<unknown>[] = [];
  const { learner, seed, rows, gitCommit, contract } = begin;
  const given = flatParameters({
    ...begin.parameters,
    learner,
    seed,
    train_rows: rows.train,
    validation_rows: rows.validation,
  });
  run.logParameters(given);
  run.setTags({
    ...meter.tags,
    "churnkit.version": version,
    "data.contract": contract.name,
    seed: String(seed),
    ...(gitCommit === undefined ? {} : { "git.commit": gitCommit }),
  });
  const labels = trackedLabels(contract.target?.classes ?? []);
  return {
    progress(progress) {
      // The last message of a member repeats its epoch.
      const prefix = prefixOf(progress, labels);
      if (epochs.get(prefix) === progress.epoch) return;
      epochs.set(prefix, progress.epoch);
      logEpoch(run, prefix, progress);
    },
    trial(trial, metric) {
      trials.push(logTrial(run, trial, metric));
    },
    async trained(model) {
      await Promise.all(trials);
      run.logMetrics(meter.read());
      const { dataHash } = model.artifact.provenance;
      run.logInput({ name: nameOf(begin.source), hash: dataHash, source: begin.source, context: "training" });
      await logModel(run, model, { given, bundle });
    },
    async failed(error) {
      await Promise.all(trials);
      run.logMetrics(meter.read());
      const code = ChurnkitError.isInstance(error) ? `${error.code}: ` : "";
      run.setTags({ error: `${code}${error instanceof Error ? error.message : String(error)}`.slice(0, 1_000) });
    },
  };
}

/**
 * Logs a trained model: settings that the data decided, figures, pictures, page and bundle.
 *
 * @param options.given parameters that the run has already.
 */
async function logModel(
  run: TrackedRun,
  model: TrainedModel,
  { given = {}, bundle }: { readonly given?: Readonly<Record<string, string>>; readonly bundle: boolean },
): Promise<void> {
  logFound(run, given, model);
  logFigures(run, model);
  run.setTags({ "data.hash": model.artifact.provenance.dataHash });
  const { modelFiles } = await import("./model-files.js");
  for await (const { name, content } of modelFiles(model, { bundle })) await run.logArtifact(name, content);
}

/**
 * `loss`; of one of several members `member_2/loss`; of one of the learners of `auto` `boosting/loss`; of the model of one
 * of several classes `class.basic/loss`.
 */
const prefixOf = ({ member, members, learner, ofClass }: TrainingProgress, classes: readonly string[]): string =>
  (ofClass === undefined ? "" : `class.${classes[ofClass.place] ?? ""}/`) +
  (learner === undefined ? "" : `${learner}/`) +
  (members > 1 ? `member_${member + 1}/` : "");

function logEpoch(run: TrackedRun, prefix: string, progress: TrainingProgress): void {
  const { epoch, loss, validationLoss, validationAuc } = progress;
  run.logMetrics(
    {
      [`${prefix}loss`]: loss,
      [`${prefix}validation_loss`]: validationLoss,
      ...(validationAuc === null ? {} : { [`${prefix}validation_auc`]: validationAuc }),
    },
    { step: epoch },
  );
}

/** Logs a trial as a run in that of its search: its options, the metric, and that of each fold. */
function logTrial(run: TrackedRun, trial: Trial, metric: string): Promise<unknown> {
  const { number, learner, options, share, value, values, failed } = trial;
  const child = run.start({ name: `trial ${number + 1}` });
  child.logParameters(flatParameters({ ...options, learner, trial: number + 1, share }));
  if (value !== null) child.logMetrics({ [metric]: value });
  for (const [fold, one] of values.entries()) child.logMetrics({ [`fold/${metric}`]: one }, { step: fold });
  if (failed !== undefined) child.setTags({ error: failed.slice(0, 1_000) });
  return child.end(failed === undefined ? "finished" : "failed");
}

/** Settings that the data decided; one that differs from what was asked for is logged beside it. */
function logFound(run: TrackedRun, given: Readonly<Record<string, string>>, { artifact }: TrainedModel): void {
  const found = Object.entries(
    flatParameters({ ...artifact.provenance.parameters, threshold_rule: artifact.decision.rule }),
  );
  run.logParameters(
    Object.fromEntries(
      found.map(([name, value]) => [
        given[name] === undefined || given[name] === value ? name : `found.${name}`,
        value,
      ]),
    ),
  );
  if (given["learner"] === "auto" && artifact.provenance.learner !== "auto")
    run.setTags({ "auto.chose": artifact.provenance.learner });
}

function logFigures(run: TrackedRun, { heldOut, baseline, caps, notes }: TrainedModel): void {
  run.logMetrics(flatMetrics(heldOut));
  if (baseline !== undefined) run.logMetrics(flatMetrics(baseline.heldOut, "baseline/"));
  if (caps.length > 0)
    run.setTags({
      caps: caps
        .map(({ message }) => message)
        .join("; ")
        .slice(0, 1_000),
    });
  if (notes.length > 0) run.setTags({ notes: notes.join("; ").slice(0, 1_000) });
}

/** A file's own name: paths of a machine are for nobody else. */
const nameOf = (source: string): string =>
  (source.split(/[\\/]/).at(-1) ?? "").replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 100) || "rows";
