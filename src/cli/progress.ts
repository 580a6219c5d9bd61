import type { TrainingProgress } from "../model/learner.js";

/**
 * A progress bar on stderr: epochs done, loss, AUC and the time left. On a terminal it redraws one line; elsewhere it
 * prints a line as each network ends, so that a log stays readable. Another kind of member, or
 * the next learner of `auto`, starts a bar of its own.
 */
export function trainingProgress(stream: NodeJS.WriteStream = process.stderr): (progress: TrainingProgress) => void {
  let started = performance.now();
  let current: string | undefined;
  const epochsOf = new Map<number, number>();
  const ended = new Set<number>();
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
    if (stream.isTTY) stream.write(`\r${text}${ended.size === members && done ? "\n" : ""}`);
    else if (done) stream.write(`${text}\n`);
  };
}
