import { InvalidArgumentError } from "commander";
import type { BudgetOptions } from "../model/budget.js";
import { note } from "./output.js";

const unitSeconds = { h: 3600, m: 60, s: 1 } as const;

/** Reads a time such as 90s, 10m or 1h30m; a number alone is seconds. */
export function durationOption(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  const [, hours = 0, minutes = 0, seconds = 0] = parts ?? [];
  const total = Number(hours) * unitSeconds.h + Number(minutes) * unitSeconds.m + Number(seconds);
  if (total > 0) return total;
  throw new InvalidArgumentError("Give a time such as 90s, 10m or 1h30m.");
}

/** A budget that ctrl-C ends too: the first one keeps what is finished, a second one ends the process. */
export function interruptible(seconds: number | undefined): { budget: BudgetOptions; interrupted: () => boolean; release: () => void } {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    note("stopping after the epochs that are running, to keep what is finished; ctrl-C again ends at once");
    stop.abort();
  };
  process.once("SIGINT", onInterrupt);
  return {
    budget: { seconds, stop: stop.signal },
    interrupted: () => stop.signal.aborted,
    release: () => process.off("SIGINT", onInterrupt),
  };
}
