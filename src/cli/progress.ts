import type { TrainingProgress } from "../model/kinds/index.js";

/** Interval of the lines where stderr is not a terminal. */
const lineEvery = 10_000;
/** A training that takes longer than this announces it after two epochs. */
const longSeconds = 30;

/**
 * A progress bar on stderr: epochs done, loss, AUC and the time left. On a terminal it redraws one line. Elsewhere it
 * prints a line every ten seconds and when a network ends, so that a log stays readable. Another kind of member, or
 * the next learner of `auto`, starts a new bar. The first two epochs of a long training give an estimate of the rest.
 */
export function trainingProgress(stream: NodeJS.WriteStream = process.stderr): (progress: TrainingProgress) => void {
  let begun = { at: performance.now(), share: 0 };
  let current: string | undefined;
  const epochsOf = new Map<number, number>();
  const ended = new Set<number>();
  let lastLine = begun.at;
  const estimate = longEstimate();
  return (progress) => {
    const { member, members, epoch, epochs, loss, validationAuc, done, of = "network", learner = "" } = progress;
    const kind = `${learner}/${of}`;
    const now = performance.now();
    const fresh = kind !== current;
    if (fresh) {
      current = kind;
      epochsOf.clear();
      ended.clear();
    }
    epochsOf.set(member, epoch);
    if (done) ended.add(member);
    // A network that stopped early counts as a whole one, so that the bar ends full.
    const share = Math.min(
      1,
      [...epochsOf].reduce((sum, [id, count]) => sum + (ended.has(id) ? 1 : count / epochs), 0) / members,
    );
    // Measured from the first message on: the time before it was not an epoch.
    if (fresh) begun = { at: now, share };
    const left = fresh
      ? ""
      : `  at most ${(((now - begun.at) / 1000) * ((1 - share) / Math.max(share - begun.share, 1e-9))).toFixed(0)} s left`;
    const filled = Math.round(24 * share);
    const figures = `loss ${loss.toFixed(4)}  AUC ${validationAuc?.toFixed(4) ?? "-"}`;
    const text = `${learner && `${learner} `}[${"#".repeat(filled)}${".".repeat(24 - filled)}] ${of === "trees" ? `${epoch} rounds` : `${Math.min(ended.size, members)}/${members} networks`}  ${figures}${left}`;
    const whole = estimate(progress, now, epochsOf.size);
    if (whole !== undefined)
      stream.write(
        `training takes up to about ${duration(whole)}; --budget 10m or ctrl-C ends it earlier and keeps the finished part\n`,
      );
    const due = now - lastLine >= lineEvery;
    if (due) lastLine = now;
    if (stream.isTTY) stream.write(`\r${text}${ended.size >= members && done ? "\n" : ""}`);
    else if (done || due) stream.write(`${text}\n`);
  };
}

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
