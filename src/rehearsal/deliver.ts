import { AwsError } from "./front/aws-error.js";

/** Takes a payload for a resource, in the role of whoever sends it. */
type Receive = (arn: string, payload: unknown, role: string | undefined) => unknown;

/** Gives payloads of events, alarms and queues to whatever an ARN names. */
export interface Deliveries {
  /** Tells who receives for the resources of a service, by its name in ARNs. */
  readonly to: (service: string, receive: Receive) => void;
  readonly deliver: (arn: string, payload: unknown, role?: string) => Promise<unknown>;
  /** The same without waiting; who sends it never learns of a failure. */
  readonly send: (arn: string, payload: unknown) => void;
}

/** @param onLost is told what could not be delivered, and why. */
export function deliveries(onLost: (arn: string, reason: string) => void): Deliveries {
  const receivers = new Map<string, Receive>();

  async function deliver(arn: string, payload: unknown, role?: string): Promise<unknown> {
    const receive = receivers.get(arn.split(":")[2] ?? "");
    if (receive === undefined) throw new AwsError("InvalidTarget", `The rehearsal does not deliver to ${arn}.`);
    return await receive(arn, payload, role);
  }

  return {
    to: (service, receive) => void receivers.set(service, receive),
    deliver,
    send: (arn, payload) =>
      void deliver(arn, payload).catch((error: unknown) =>
        onLost(arn, error instanceof Error ? error.message : String(error)),
      ),
  };
}
