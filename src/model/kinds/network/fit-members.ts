import pLimit from "p-limit";
import { sigmoid } from "../../../stats/logistic.js";
import { mix32 } from "../../../base/random.js";
import { kFold, type Fold } from "../../../data/split/index.js";
import { turn } from "../trees/turn.js";
import type { Budget, Cap } from "../budget.js";
import type { EpochRecord, HeldOut, LabeledMatrix, Learned, LearnerContext } from "../learner.js";
import { checkRowWeights, joinedWeights } from "../row-weights.js";
import { sharedCopy } from "../shared-matrix.js";
import { withoutAdapters } from "./adapters.js";
import { manyRows, sizedSettings, type SizedSettings } from "./auto-settings.js";
import { openCheckpoints } from "./checkpoint.js";
import { enoughMembers } from "./enough-members.js";
import { churnNetworkSpec, foldsOf, type ChurnNetworkParameters } from "./learner.js";
import type { TrainingEngine } from "./engine.js";
import type { FitRows, FittedNetwork } from "./fit-network.js";
import { runJob, type FitEvent, type FitJob, type NetworkWork } from "./job.js";
import { wasmEngine } from "./wasm/engine.js";
import { openWorkerPool } from "../worker-pool.js";

/**
 * Members share this many of the held-out rows, or one in twenty if that is more, with at least a hundredth of that
 * from either class.
 */
const commonRows = 5000;
const leastShare = 1 / 20;

/** Rows of the rarest class. */
function smallest(classes: Uint8Array): number {
  const counts = new Map<number, number>();
  for (const one of classes) counts.set(one, (counts.get(one) ?? 0) + 1);
  return Math.min(...counts.values());
}

/**
 * The rows that each member trains and stops on, in one matrix. With many rows some are kept from all members, to
 * decide whether more members pay off.
 */
function planMembers(
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  members: number,
  seed: number,
): FitRows[] {
  const rows = training.labels.length;
  const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
  if (validation) {
    const matrix = sharedCopy(training.matrix, validation.matrix);
    const labels = Uint8Array.from([...training.labels, ...validation.labels]);
    const targets = training.targets && Float32Array.from(labels, (label, row) => training.targets?.[row] ?? label);
    const all = {
      matrix,
      rowWeights: joinedWeights(training, validation),
      width: training.width,
      labels,
      targets,
      training: range(0, rows),
      validation: range(rows, labels.length),
    };
    return Array.from({ length: members }, () => all);
  }
  const matrix = sharedCopy(training.matrix);
  const { width, labels, targets, rowWeights, strata = labels } = training;
  const parts = Math.floor(Math.min(rows / commonRows, 1 / leastShare));
  const rare = smallest(strata) < (parts * commonRows) / 100;
  if (members === 1 || !manyRows(rows) || rare) {
    const folds = kFold(strata, foldsOf(members), seed).slice(0, members);
    const shared = { matrix, width, labels, targets, rowWeights };
    return folds.map(({ train, test }) => ({ ...shared, training: train, validation: test }));
  }
  const [{ train: others, test: common }] = kFold(strata, parts, mix32(seed + 1)) as [Fold];
  const folds = kFold(
    Uint8Array.from(others, (row) => strata[row] as number),
    foldsOf(members),
    seed,
  ).slice(0, members);
  return folds.map(({ train, test }) => ({
    matrix,
    width,
    labels,
    targets,
    rowWeights,
    training: train.map((i) => others[i] as number),
    validation: Uint32Array.from([...test.map((i) => others[i] as number), ...common]).sort(),
  }));
}

/** Trains the networks of a `churnNetwork` learner, each on its own rows, and scores the rows left out. */
export async function fitMembers(
  parameters: ChurnNetworkParameters,
  engine: TrainingEngine | undefined,
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  checkRowWeights(training, validation);
  const { members } = parameters;
  const spec = churnNetworkSpec(training.width, parameters);
  const plan = planMembers(training, validation, members, context.seed);
  const positives = training.labels.reduce((sum, label) => sum + label, 0);
  const positiveWeight = parameters.classWeights === "balanced" ? (training.labels.length - positives) / positives : 1;
  const sized = sizedSettings(parameters, training.labels.length);
  const saved = openCheckpoints(context.checkpoint, { parameters, seed: context.seed }, [training, validation]);
  const threads = engine ? 1 : Math.max(1, Math.min(members, context.workers ?? 1));
  const pool = threads > 1 ? await openWorkerPool<NetworkWork>("network", threads) : undefined;
  const own = engine ?? wasmEngine();
  const { budget, signal } = context;
  const stop = stopFlag(budget);
  const enough = manyRows(training.labels.length) ? enoughMembers(plan) : undefined;
  /** Expected number of members, as far as known. */
  let wanted = members;

  const fitMember = async (rows: FitRows, member: number): Promise<FittedNetwork | undefined> => {
    // One network always gets its first epoch, so that there is a model.
    if (member >= wanted || (member > 0 && budget?.spent)) return undefined;
    const report = (epoch: number, record: EpochRecord | undefined, done: boolean): void => {
      if (record && member < wanted)
        context.onProgress?.({ member, members: wanted, epoch, epochs: sized.epochs, ...record, done });
    };
    const job: FitJob = {
      spec,
      rows,
      settings: { ...parameters, ...sized, positiveWeight, seed: mix32(mix32(context.seed) ^ (member + 1)) },
      resume: await saved?.load(member),
      stateEvery: saved ? 1 : 0,
      stop,
    };
    const onEpoch = ({ history, state }: FitEvent): void => {
      if (state) saved?.save(member, state);
      report(history.length, history.at(-1), false);
    };
    // Work on this thread delays timers and signals.
    const pause = async (): Promise<void> => {
      await turn(signal);
      if (budget?.spent) Atomics.store(stop, 0, 1);
    };
    const fitted = await (pool
      ? pool.run(job, onEpoch, signal)
      : runJob(own, job, onEpoch, signal, budget || signal ? pause : undefined));
    wanted = Math.min(wanted, enough?.(member, fitted) ?? members);
    // With several threads, extra members may still be training; their results are not needed.
    if (wanted < members) Atomics.store(stop, 0, 1);
    report(fitted.history.length, fitted.history.at(-1), true);
    return fitted;
  };

  try {
    const begun: (FittedNetwork | undefined)[] = [];
    const limit = pLimit(threads);
    if (pool) begun.push(...(await Promise.all(plan.map((rows, member) => limit(() => fitMember(rows, member))))));
    // One after the other, so that none begins after another has failed.
    else for (const [member, rows] of plan.entries()) begun.push(await fitMember(rows, member));
    await saved?.settled();
    const all = begun.slice(0, wanted);
    const kept = worthKeeping(all);
    const fitted = kept.map((member) => all[member] as FittedNetwork);
    const networks = fitted
      .flatMap(({ weights }) => withoutAdapters(spec, weights))
      .map((network) => ({ kind: "network", ...network }) as const);
    const [first, ...others] = networks;
    return {
      model: first && others.length === 0 ? first : { kind: "ensemble", members: networks },
      heldOut: heldOut(
        kept.map((member) => plan[member] as FitRows),
        fitted,
        validation ? training.labels.length : 0,
      ),
      history: fitted.map(({ history }) => history),
      found: { ...sized },
      caps: capsOf(all, kept, members, sized, budget),
    };
  } finally {
    await pool?.close();
    // Nothing is written after the caller continues, even if the training failed.
    await saved?.idle();
  }
}

/** Memory that tells the threads to stop, once the budget is spent. */
function stopFlag(budget: Budget | undefined): Int32Array {
  const flag = new Int32Array(typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(4) : new SharedArrayBuffer(4));
  if (budget?.spent) flag[0] = 1;
  budget?.signal.addEventListener("abort", () => Atomics.store(flag, 0, 1), { once: true });
  return flag;
}

/** The finished members; if there are none, the stopped ones. */
function worthKeeping(all: readonly (FittedNetwork | undefined)[]): number[] {
  const begun = [...all.keys()].filter((member) => all[member]);
  const through = begun.filter((member) => all[member]?.ended !== "stopped");
  return through.length > 0 ? through : begun;
}

function capsOf(
  all: readonly (FittedNetwork | undefined)[],
  kept: readonly number[],
  members: number,
  { epochs }: SizedSettings,
  budget: Budget | undefined,
): Cap[] {
  const caps: Cap[] = [];
  if (all.length < members)
    caps.push({
      cap: "members",
      message: `${all.length} of ${members} networks were trained, because the last two hardly lowered the held-out loss`,
    });
  if (budget && all.some((one) => one === undefined || one.ended === "stopped")) {
    const best = kept.every((member) => all[member]?.ended === "stopped");
    const what = best
      ? `no network was finished; ${kept.length} of ${all.length} were kept at their best epoch`
      : `${kept.length} of ${all.length} networks were finished and were kept`;
    caps.push({ cap: "budget", message: `${budget.name} ended the training: ${what}` });
  }
  const short = all.filter((one) => one?.ended === "epochs").length;
  if (short > 0)
    caps.push({
      cap: "epochs",
      message: `${short} of ${all.length} networks were still improving at the last of ${epochs} epochs; more epochs may help`,
    });
  return caps;
}

/** The mean probabilities of each row that some member left out; `first` is the row that counts as 0. */
function heldOut(plan: readonly FitRows[], fitted: readonly FittedNetwork[], first: number): HeldOut {
  const sums = new Map<number, { sum: number; crossed: number; count: number }>();
  plan.forEach(({ validation }, member) => {
    const { validationLogits, crossedLogits } = fitted[member] as FittedNetwork;
    validation.forEach((row, i) => {
      const entry = sums.get(row - first) ?? { sum: 0, crossed: 0, count: 0 };
      sums.set(row - first, {
        sum: entry.sum + sigmoid(validationLogits[i] as number),
        crossed: entry.crossed + sigmoid(crossedLogits[i] as number),
        count: entry.count + 1,
      });
    });
  });
  const rows = Uint32Array.from(sums.keys()).sort();
  const mean = (row: number, of: "sum" | "crossed"): number => (sums.get(row)?.[of] ?? 0) / (sums.get(row)?.count ?? 1);
  return {
    rows,
    probabilities: Float64Array.from(rows, (row) => mean(row, "sum")),
    crossed: Float64Array.from(rows, (row) => mean(row, "crossed")),
  };
}
