/**
 * How far ahead of this machine's clock another's time may lie, in milliseconds: five minutes. What is kept about a time that
 * has not come would count against all that happens until then.
 */
export const clockSkew = 300_000;

/** Whether a time, in milliseconds since 1970, is ahead of the clock by more than {@link clockSkew}. */
export const liesAhead = (time: number, now: number): boolean => time > now + clockSkew;
