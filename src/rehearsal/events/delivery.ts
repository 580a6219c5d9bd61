import type { Target } from "@aws-sdk/client-eventbridge";
import type { VirtualClock } from "../clock.js";
import { AwsError } from "../front/aws-error.js";
import { inputOf } from "./input.js";

export interface DeliveryOptions {
  readonly clock: VirtualClock;
  /**
   * Gives a payload to a target, in the role of the rule, if it has one.
   *
   * @throws what makes EventBridge try again.
   */
  readonly deliver: (target: string, payload: unknown, role?: string) => Promise<unknown>;
  /** Is told a payload that no try could deliver. */
  readonly onDead: (target: Target, payload: unknown, reason: string) => void;
  /** How often each delivery happens; EventBridge promises once at least. Default 1. */
  readonly deliveries?: number | undefined;
  /** Milliseconds before a delivery. Default 0. */
  readonly delay?: number | undefined;
}

/** Tries after a failed delivery, the longest time between two, and the time after which there is no other. */
const retry = { most: 185, longestMs: 900_000, oldestMs: 86_400_000 };

/** Makes the function that gives an event to a target, and tries again as the target's policy says. */
export function delivery(options: DeliveryOptions): (target: Target, event: unknown) => void {
  const { clock, deliver, onDead, deliveries = 1, delay = 0 } = options;

  function attempt(target: Target, payload: unknown, tried: number, since: number): void {
    deliver(target.Arn ?? "", payload, target.RoleArn).catch((error: unknown) => {
      // Another try would be denied, too.
      const isDenied = error instanceof AwsError && error.name === "AccessDeniedException";
      const { MaximumRetryAttempts = retry.most, MaximumEventAgeInSeconds } = target.RetryPolicy ?? {};
      const oldest = MaximumEventAgeInSeconds === undefined ? retry.oldestMs : MaximumEventAgeInSeconds * 1000;
      const next = clock.now() + Math.min(1000 * 2 ** tried, retry.longestMs);
      if (!isDenied && tried < MaximumRetryAttempts && next - since <= oldest)
        return void clock.at(next, () => attempt(target, payload, tried + 1, since));
      onDead(target, payload, error instanceof Error ? error.message : String(error));
    });
  }

  return (target, event) => {
    const payload = inputOf(target, event);
    for (let i = 0; i < deliveries; i++) clock.at(clock.now() + delay, () => attempt(target, payload, 0, clock.now()));
  };
}
