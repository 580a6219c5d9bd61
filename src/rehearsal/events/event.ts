import type { Clock } from "../../base/async/index.js";
import type { AwsPlace } from "../place.js";

/** An event as EventBridge delivers it. */
export interface AwsEvent {
  readonly version: "0";
  readonly id: string;
  readonly source: string;
  readonly "detail-type": string;
  readonly account: string;
  readonly region: string;
  /** ISO 8601. */
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

/** Makes events, each with an id of its own; at `time` in milliseconds since 1970, by default now. */
export type MakeEvent = (
  source: string,
  type: string,
  detail: unknown,
  resources: readonly string[],
  time?: number,
) => AwsEvent;

export function eventMaker(clock: Clock, place: AwsPlace): MakeEvent {
  let events = 0;
  return (source, type, detail, resources, time = clock.now()) => {
    const id = `00000000-0000-4000-8000-${String(++events).padStart(12, "0")}`;
    const iso = new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
    return { version: "0", id, source, "detail-type": type, ...place, time: iso, resources, detail };
  };
}
