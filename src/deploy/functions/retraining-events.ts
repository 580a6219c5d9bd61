import {
  count,
  flag,
  type JsonValue,
  number,
  object,
  optional,
  strictObject,
  text,
  where,
} from "../../base/json/index.js";
import type { RetrainingSignals } from "../../monitor/index.js";
import { eventJson } from "./events.js";

/** What an event asks of the retraining. */
export interface RetrainingRequest {
  readonly signals: RetrainingSignals;
  /** Stops all retraining. */
  readonly stop?: { readonly by: string; readonly reason: string } | undefined;
  /** Allows it again. */
  readonly start?: boolean | undefined;
}

const time = (json: JsonValue): Date =>
  new Date(where(text(40), (value) => !Number.isNaN(Date.parse(value)), "a time such as 2026-11-21T12:00:00Z")(json));
const alarm = object({
  alarmName: text(255),
  state: object({ value: text(40), reason: optional(text()), timestamp: optional(time) }),
});
const measurement = { value: number(0), at: optional(time) };
const person = { by: text(200), reason: text(2000) };
const signals = strictObject({
  accuracy: optional(strictObject({ ...measurement, labels: optional(count()) })),
  psi: optional(strictObject({ ...measurement, column: optional(text()) })),
  newLabels: optional(strictObject(measurement)),
});
/** Events by hand. */
const byHand = strictObject({
  signals: optional(signals),
  // With its time, an event that comes again asks for nothing new.
  manual: optional(strictObject({ ...person, at: time })),
  stop: optional(strictObject(person)),
  start: optional(flag),
});

/** Events after which it is only looked what is due. */
const reminders = [
  "Scheduled Event",
  "Step Functions Execution Status Change",
  "SageMaker Model Building Pipeline Execution Status Change",
];

/** Reads an event of EventBridge, of an alarm's action, or by hand. @throws ChurnkitError REQUEST_INVALID. */
export function retrainingRequest(event: unknown): RetrainingRequest {
  const json = eventJson(event, "a retraining");
  const type = json.get("detail-type");
  const at = optional(time)(json.get("time"));
  if (!json.get("alarmData").absent) return alarmed(json.get("alarmData"), at);
  if (type.absent) {
    const { signals: levels = {}, manual, stop, start } = byHand(json);
    return { signals: { ...levels, ...(manual && { manual }) }, stop, start };
  }
  if (type.value === "CloudWatch Alarm State Change") return alarmed(json.get("detail"), at);
  if (type.value === "Churnkit Retraining Signals") return { signals: dated(signals(json.get("detail")), at) };
  if (reminders.some((reminder) => reminder === type.value)) return { signals: {} };
  throw type.refused("is no event that a retraining takes");
}

function alarmed(json: JsonValue, sent: Date | undefined): RetrainingRequest {
  const { alarmName: name, state } = alarm(json);
  if (state.value !== "ALARM") return { signals: {} };
  return { signals: { alarms: [{ name, reason: state.reason, at: state.timestamp ?? sent }] } };
}

/** Levels without a time of their own have the event's. */
function dated({ accuracy, psi, newLabels }: RetrainingSignals, at: Date | undefined): RetrainingSignals {
  return {
    ...(accuracy && { accuracy: { at, ...accuracy } }),
    ...(psi && { psi: { at, ...psi } }),
    ...(newLabels && { newLabels: { at, ...newLabels } }),
  };
}
