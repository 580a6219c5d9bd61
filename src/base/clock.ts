/**
 * How far another machine's time may be ahead of this clock, in milliseconds: five minutes. Data recorded for a
 * future time would count against everything that happens until then.
 */
export const clockSkew = 300_000;

/** Returns whether a time, in milliseconds since 1970, is ahead of the clock by more than {@link clockSkew}. */
export const liesAhead = (time: number, now: number): boolean => time > now + clockSkew;
