import { pause } from "../batch-turns.js";

/** Largest part of the time of served requests that refusals may take: beyond it they would cost more than they save. */
const refusalShare = 1 / 8;
/** Refusals that are sent in each turn, however little time there is: each waits for a bounded time. */
const fewest = 16;
/** Most refusals that wait; further ones are sent at once. */
const mostHeld = 10_000;
/** Weight of the newest measure in the cost of a refusal. */
const newest = 1 / 8;

/** The turns of the event loop in which requests arrive. */
export interface Turns {
  /** Notes that a request was read. */
  reach(now: number): void;
  /** Whether this turn has gone on for too long. */
  isLong(now: number): boolean;
  /** Resolves when a refusal may be sent: at once where turns are short. */
  refusal(now: number): Promise<void> | undefined;
}

/**
 * A turn goes from the first request that is read until none is left. While turns are long, refusals wait behind the requests that
 * are served, oldest first, and each turn sends as many as its share of time allows: more connections than the server can answer
 * then wait for a refusal, and not before those that it serves. The time from one request to the next is what the first of them
 * took, with reading it and sending its answer. A turn costs two timers, a request none.
 */
export function turnsOfTheLoop(longest: number): Turns {
  const held: (() => void)[] = [];
  let since: number | undefined;
  let last = 0;
  let wasRefused = false;
  let served = 0;
  let refused = 0;
  /** Milliseconds to send a refusal that waited. */
  let cost = 0.02;
  let released = 0;

  const account = (now: number): void => {
    if (wasRefused) refused += now - last;
    else served += now - last;
    last = now;
    wasRefused = false;
  };
  const begin = (now: number): void => {
    since = last = now;
    wasRefused = false;
    served = refused = 0;
    // Both run when everything that came at once was read, one right behind the other: the time between them is that of the refusals.
    pause().then(release, release);
    pause().then(end, end);
  };
  const release = (): void => {
    account(performance.now());
    const affordable = Math.floor((served * refusalShare - refused) / cost);
    const due = held.splice(0, Math.max(fewest, affordable));
    released = due.length;
    for (const send of due) send();
  };
  const end = (): void => {
    const now = performance.now();
    if (released > 0) cost += newest * ((now - last) / released - cost);
    since = undefined;
    if (held.length > 0) begin(now);
  };
  const isLong = (now: number): boolean => since !== undefined && now - since > longest;
  return {
    reach(now) {
      if (since === undefined) begin(now);
      else account(now);
    },
    isLong,
    refusal(now) {
      wasRefused = true;
      if (held.length >= mostHeld || (held.length === 0 && !isLong(now))) return undefined;
      return new Promise((send) => held.push(send));
    },
  };
}
