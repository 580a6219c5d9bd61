import { checkLabel, millisecondsOf, type LabelRecord, type Moment } from "../performance/labeled/records.js";
import type { Counting } from "./counting.js";

/** Outcome of a prediction. Without `time` it is the outcome of the whole window, known at its end. */
export type MonitorLabel = Omit<LabelRecord, "time"> & { readonly time?: Moment | undefined };

/** An offer made after a prediction, or the decision to make none. */
export interface MonitorTreatment {
  /** That of the prediction. */
  readonly id: string;
  readonly time: Moment;
  /** False: drawn at random to get no offer, whatever the prediction. */
  readonly treated: boolean;
}

/** Adds an outcome. It comes from outside, so it may be anything: a bad one is counted. */
export function takeLabel(counting: Counting, given: MonitorLabel): void {
  const label: Partial<MonitorLabel> = isObject(given) ? given : {};
  const whole = label.time === undefined || label.time === null;
  const checked = checkLabel(whole ? { ...label, time: label.recorded ?? 0 } : label);
  if (typeof checked === "string") return counting.skip("badLabels");
  const { id, time, recorded, positive } = checked;
  const known = whole && label.recorded === undefined ? null : recorded;
  counting.addLabel(id, { time: whole ? null : time, recorded: known, outcome: positive ? 1 : 0 });
}

/** Adds who got an offer, or was drawn to get none; a bad one is counted as a bad label. */
export function takeTreatment(counting: Counting, given: MonitorTreatment): void {
  const { id, time, treated }: Partial<MonitorTreatment> = isObject(given) ? given : {};
  const at = millisecondsOf(time);
  if (typeof id !== "string" || id === "" || at === undefined || typeof treated !== "boolean")
    counting.skip("badLabels");
  else counting.addMark(id, { time: at, treated });
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
