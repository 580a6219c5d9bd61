import type { PutCompositeAlarmInput, PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";
import type { VirtualClock } from "../clock.js";
import { evaluateAlarm, periodOf, type AlarmState } from "./alarm.js";
import { alarmName, evaluateRule, refuseCircle } from "./composite.js";
import { metricKey, type MetricData, type MetricName } from "./series.js";

/** An alarm, and what it is doing. */
export interface Alarm {
  readonly name: string;
  readonly definition: PutMetricAlarmInput | PutCompositeAlarmInput;
  readonly state: AlarmState;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** An alarm that went from one state to another. */
export interface AlarmChange {
  readonly alarm: Alarm;
  /** As it was before. */
  readonly former: Pick<Alarm, "state" | "reason" | "changedAt">;
}

/** Alarms that are evaluated as time passes. */
export interface Alarms {
  put(definition: PutMetricAlarmInput | PutCompositeAlarmInput): void;
  remove(names: readonly string[]): void;
  all(): readonly Alarm[];
  /** Sets a state by hand, until the next evaluation. */
  set(name: string, state: AlarmState, reason: string): boolean;
  /** Tells that a metric has new data. */
  touched(metric: MetricName): void;
}

interface Watched {
  alarm: Alarm;
  /** Calls off the next evaluation; undefined while no data could change the state. */
  cancel: (() => void) | undefined;
}

const isComposite = (definition: Alarm["definition"]): definition is PutCompositeAlarmInput =>
  "AlarmRule" in definition;

/** Whether an alarm compares with a band that CloudWatch learns. That is not imitated: only a hand changes its state. */
function isLearned(definition: Alarm["definition"]): boolean {
  if (isComposite(definition)) return false;
  const { Metrics = [], ThresholdMetricId } = definition;
  const band = ThresholdMetricId === undefined ? undefined : Metrics.find(({ Id }) => Id === ThresholdMetricId);
  return band?.Expression?.startsWith("ANOMALY_DETECTION_BAND(") === true;
}

/** The metrics that an alarm reads. */
function metricsOf(definition: Alarm["definition"]): ReadonlySet<string> {
  if (isComposite(definition)) return new Set();
  const { Metrics = [] } = definition;
  return new Set([definition, ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])].map(metricKey));
}

/**
 * Evaluates alarms at the end of each of their periods, as long as data could change their state. A new alarm has
 * INSUFFICIENT_DATA, as in CloudWatch.
 *
 * @param onChange is told each change, in order.
 * @param onNote is told what is not as in CloudWatch.
 */
export function watchAlarms(
  clock: VirtualClock,
  data: MetricData,
  onChange: (change: AlarmChange) => void,
  onNote: (text: string) => void,
): Alarms {
  const watched = new Map<string, Watched>();

  const find = (name: string): AlarmState => watched.get(alarmName(name))?.alarm.state ?? "INSUFFICIENT_DATA";

  function change(entry: Watched, state: AlarmState, reason: string): void {
    const former = entry.alarm;
    if (former.state === state) return;
    entry.alarm = { ...former, state, reason, changedAt: clock.now() };
    onChange({ alarm: entry.alarm, former });
    for (const other of watched.values()) if (other !== entry) combine(other);
  }

  function combine(entry: Watched): void {
    const { definition } = entry.alarm;
    if (!isComposite(definition)) return;
    const holds = evaluateRule(definition.AlarmRule ?? "", find);
    change(entry, holds ? "ALARM" : "OK", `${definition.AlarmRule ?? ""} is ${holds}.`);
  }

  /** Evaluates at the end of the period, and again after the next one if anything could differ then. */
  function schedule(entry: Watched): void {
    const { definition } = entry.alarm;
    if (entry.cancel !== undefined || isComposite(definition) || isLearned(definition)) return;
    const period = periodOf(definition) * 1000;
    const end = (Math.floor(clock.now() / period) + 1) * period;
    entry.cancel = clock.at(end, () => {
      entry.cancel = undefined;
      const state = evaluateAlarm(definition, data, end, entry.alarm.state);
      change(entry, state, `Evaluated the periods up to ${new Date(end).toISOString()}.`);
      const settled = evaluateAlarm(definition, data, Number.MAX_SAFE_INTEGER, entry.alarm.state) === state;
      if (!settled || hasRecent(definition, data, end)) schedule(entry);
    });
  }

  const ruleOf = (name: string): string | undefined => {
    const definition = watched.get(name)?.alarm.definition;
    return definition !== undefined && isComposite(definition) ? definition.AlarmRule : undefined;
  };

  const stop = (name: string): void => {
    watched.get(name)?.cancel?.();
    watched.delete(name);
  };

  return {
    put(definition) {
      const name = definition.AlarmName ?? "";
      // Refused now where it could not be evaluated later.
      if (isComposite(definition)) refuseCircle(name, definition.AlarmRule ?? "", ruleOf);
      else if (isLearned(definition))
        onNote(`The alarm ${name} never goes off here: anomaly detection is not imitated.`);
      else evaluateAlarm(definition, data, clock.now(), "INSUFFICIENT_DATA");
      const former = watched.get(name)?.alarm ?? newAlarm(name, definition, clock.now());
      stop(name);
      const entry: Watched = { alarm: { ...former, definition }, cancel: undefined };
      watched.set(name, entry);
      combine(entry);
      schedule(entry);
    },
    remove: (names) => names.forEach(stop),
    all: () => [...watched.values()].map(({ alarm }) => alarm),
    set(name, state, reason) {
      const entry = watched.get(name);
      if (entry !== undefined) {
        change(entry, state, reason);
        schedule(entry);
      }
      return entry !== undefined;
    },
    touched(metric) {
      const key = metricKey(metric);
      for (const entry of watched.values()) if (metricsOf(entry.alarm.definition).has(key)) schedule(entry);
    },
  };
}

const newAlarm = (name: string, definition: Alarm["definition"], changedAt: number): Alarm => ({
  name,
  definition,
  state: "INSUFFICIENT_DATA",
  reason: "",
  changedAt,
});

/** Whether any metric of an alarm has data that its next evaluations could still see. */
function hasRecent(definition: PutMetricAlarmInput, data: MetricData, end: number): boolean {
  const period = periodOf(definition) * 1000;
  const window = { end: end + period, period, count: (definition.EvaluationPeriods ?? 1) + 4 };
  return [...metricsOf(definition)].some((key) => data.has(key, window));
}
