import { InvalidArgumentError } from "commander";
import type { BudgetOptions } from "../model/kinds/index.js";
import { note } from "./output.js";

const unitSeconds = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** Reads a time such as 90s, 10m, 1h30m or 2d; a number alone is seconds. */
export function durationOption(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  const parts = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = parts ?? [];
  const total =
    Number(days) * unitSeconds.d + Number(hours) * unitSeconds.h + Number(minutes) * unitSeconds.m + Number(seconds);
  if (total > 0) return total;
  throw new InvalidArgumentError("Give a time such as 90s, 10m, 1h30m or 2d.");
}

/** A budget that Ctrl-C ends too: the first one keeps the finished part, and a second one ends the process. */
export function interruptible(seconds: number | undefined): {
  budget: BudgetOptions;
  interrupted: () => boolean;
  release: () => void;
} {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    note("stopping after the current epochs, to keep the finished part; press ctrl-C again to end at once");
    stop.abort();
  };
  process.once("SIGINT", onInterrupt);
  return {
    budget: { seconds, stop: stop.signal },
    interrupted: () => stop.signal.aborted,
    release: () => process.off("SIGINT", onInterrupt),
  };
}
