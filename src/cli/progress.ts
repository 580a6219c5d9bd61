import type { TrainingProgress } from "../model/kinds/index.js";

/** Interval of the lines where stderr is not a terminal. */
const lineEvery = 10_000;
/** A training that takes longer than this announces it after two epochs. */
const longSeconds = 30;

/** What is known of one learner's training. */
interface Bar {
  readonly begun: { readonly at: number; readonly share: number };
  readonly epochsOf: Map<number, number>;
  readonly ended: Set<number>;
}

/**
 * A progress bar on stderr: epochs done, loss, AUC and the time left. On a terminal it redraws one line. Elsewhere it
 * prints a line every ten seconds and when a network ends, so that a log stays readable. Each learner of `auto` has its
 * own bar, and a line with the best loss so far when it ends. The first two epochs of a long training give an estimate
 * of the rest.
 */
export function trainingProgress(stream: NodeJS.WriteStream = process.stderr): (progress: TrainingProgress) => void {
  const bars = new Map<string, Bar>();
  let lastLine = performance.now();
  const estimate = longEstimate();
  return (progress) => {
    const { epoch, epochs, loss, validationLoss, done, of = "network", learner = "", ofClass } = progress;
    if (of === "candidates") {
      const best = `best so far ${validationLoss.toFixed(4)}, ${epoch} of ${epochs} learners tried`;
      stream.write(
        `${stream.isTTY ? "\r" : ""}${classText(progress)}${learner}: held-out log loss ${loss.toFixed(4)}; ${best}\n`,
      );
      return;
    }
    const now = performance.now();
    const { text, ended } = drawn(bars, progress, now);
    const whole = learner === "" ? estimate(progress, now, bars.values().next().value?.epochsOf.size ?? 1) : undefined;
    if (whole !== undefined)
      stream.write(
        `training takes up to about ${duration(whole * (ofClass?.count ?? 1))}; --budget 10m or ctrl-C ends it earlier and keeps the finished part\n`,
      );
    const due = now - lastLine >= lineEvery;
    if (due) lastLine = now;
    if (stream.isTTY) stream.write(`\r${text}${ended && learner === "" ? "\n" : ""}`);
    else if ((done && learner === "") || due) stream.write(`${text}\n`);
  };
}

/** The line of a learner's bar with its progress added, and whether all of its members have ended. */
function drawn(bars: Map<string, Bar>, progress: TrainingProgress, now: number): { text: string; ended: boolean } {
  const { member, members, epoch, epochs, loss, validationAuc, done, of = "network", learner = "" } = progress;
  const key = `${classText(progress)}${learner}/${of}`;
  const known = bars.get(key);
  const epochsOf = known?.epochsOf ?? new Map<number, number>();
  const ended = known?.ended ?? new Set<number>();
  epochsOf.set(member, epoch);
  if (done) ended.add(member);
  // A network that stopped early counts as a whole one, so that the bar ends full.
  const share = Math.min(
    1,
    [...epochsOf].reduce((sum, [id, count]) => sum + (ended.has(id) ? 1 : count / epochs), 0) / members,
  );
  // Measured from the first message on: the time before it was not an epoch.
  const begun = known?.begun ?? { at: now, share };
  if (known === undefined) bars.set(key, { begun, epochsOf, ended });
  const seconds = ((now - begun.at) / 1000) * ((1 - share) / Math.max(share - begun.share, 1e-9));
  const left = known === undefined ? "" : `  at most ${seconds.toFixed(0)} s left`;
  const filled = Math.round(24 * share);
  const auc = validationAuc === null || validationAuc === undefined ? "" : `  AUC ${validationAuc.toFixed(4)}`;
  const steps = of === "trees" ? `${epoch} rounds` : `${Math.min(ended.size, members)}/${members} networks`;
  return {
    text: `${classText(progress)}${learner && `${learner} `}[${"#".repeat(filled)}${".".repeat(24 - filled)}] ${steps}  loss ${loss.toFixed(4)}${auc}${left}`,
    ended: done && ended.size >= members,
  };
}

const classText = ({ ofClass }: TrainingProgress): string =>
  ofClass ? `class ${ofClass.place + 1} of ${ofClass.count}: ` : "";

/** Returns once, at the first second epoch, the seconds that the networks may still take; `abreast` train at once. */
function longEstimate(): (progress: TrainingProgress, now: number, abreast: number) => number | undefined {
  let first: number | undefined;
  let told = false;
  return ({ epoch, epochs, members, of = "network" }, now, abreast) => {
    if (told || of !== "network") return undefined;
    first ??= now;
    if (epoch < 2) return undefined;
    told = true;
    const left = ((now - first) / 1000) * ((epochs * members) / abreast - 2);
    return left > longSeconds ? left : undefined;
  };
}

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
