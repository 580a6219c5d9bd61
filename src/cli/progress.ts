import type { TrainingProgress } from "../model/learner.js";

/** Where stderr is no terminal: a line this often. */
const lineEvery = 10_000;
/** A training that takes longer than this says so after its first epoch. */
const longSeconds = 30;

/**
 * A progress bar on stderr: epochs done, loss, AUC and the time left. On a terminal it redraws one line; elsewhere it
 * prints a line every ten seconds and as each network ends, so that a log stays readable. Another kind of member, or the next
 * learner of `auto`, starts a bar of its own. The first epoch of a long training gives an estimate of the whole.
 */
export function trainingProgress(stream: NodeJS.WriteStream = process.stderr): (progress: TrainingProgress) => void {
  let started = performance.now();
  let current: string | undefined;
  const epochsOf = new Map<number, number>();
  const ended = new Set<number>();
  let lastLine = started;
  let estimated = false;
  return (progress) => {
    const { member, members, epoch, epochs, loss, validationAuc, done, of = "network", learner = "" } = progress;
    const kind = `${learner}/${of}`;
    if (kind !== current) {
      current = kind;
      started = performance.now();
      epochsOf.clear();
      ended.clear();
    }
    epochsOf.set(member, epoch);
    if (done) ended.add(member);
    // A network that stopped early counts as a whole one, so that the bar ends full.
    const share = [...epochsOf].reduce((sum, [id, count]) => sum + (ended.has(id) ? 1 : count / epochs), 0) / members;
    const left = ((performance.now() - started) / 1000) * (1 / Math.max(share, 1e-9) - 1);
    const filled = Math.round(24 * share);
    const figures = `loss ${loss.toFixed(4)}  AUC ${validationAuc?.toFixed(4) ?? "-"}`;
    const text = `${learner && `${learner} `}[${"#".repeat(filled)}${".".repeat(24 - filled)}] ${of === "trees" ? `${epoch} rounds` : `${ended.size}/${members} networks`}  ${figures}  ${left.toFixed(0)} s left`;
    if (!estimated && of === "network") {
      estimated = true;
      if (left > longSeconds) stream.write(`training takes at most about ${duration(left)}; --budget 10m or ctrl-C ends it earlier, with what is finished by then\n`);
    }
    const due = performance.now() - lastLine >= lineEvery;
    if (due) lastLine = performance.now();
    if (stream.isTTY) stream.write(`\r${text}${ended.size === members && done ? "\n" : ""}`);
    else if (done || due) stream.write(`${text}\n`);
  };
}

const duration = (seconds: number): string => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);
