import {
  sequentialStart,
  sequentialStep,
  type SequentialState,
  type SequentialPlan,
  addPart,
  noPeriods,
  skipPeriods,
  type Windows,
} from "../../drift/sequential/index.js";
import { driftOfTally } from "./judge-data.js";
import { takeLook, type LookContext, type StandingAlarm } from "./looks.js";
import { mergeTallies, type Tally } from "../counting/tally.js";

/** Summary of closed periods. Plain JSON of constant size. */
export interface MonitorHistory {
  /** The first millisecond that is not closed. */
  readonly closedUntil: number;
  /** All tests of every column of the data. */
  readonly sequential: SequentialState;
  readonly windows: Windows<Tally>;
  /** Of the other monitors. */
  readonly alarms: readonly StandingAlarm[];
}

/** Context for closing a period. */
export interface HistoryContext extends LookContext {
  /** Rows in a sample of attributions. */
  readonly attributionRows: number;
}

/** A monitor that has closed nothing yet. */
export const beginHistory = (plan: SequentialPlan, closedUntil: number): MonitorHistory => ({
  closedUntil,
  sequential: sequentialStart(plan),
  windows: noPeriods(plan.windows),
  alarms: [],
});

/** Closes all periods up to `until`, each with its planned looks. */
export function closePeriods(
  history: MonitorHistory,
  until: number,
  tallies: ReadonlyMap<number, Tally>,
  context: HistoryContext,
): MonitorHistory {
  const starts = [...tallies.keys()]
    .filter((start) => start >= history.closedUntil && start < until)
    .sort((a, b) => a - b);
  let state = history;
  for (const start of starts) state = closeOne(passEmpty(state, start, context), tallies.get(start) ?? null, context);
  return passEmpty(state, until, context);
}

/** Closes periods without rows; a silence longer than every window is skipped at once. */
function passEmpty(history: MonitorHistory, until: number, context: HistoryContext): MonitorHistory {
  const periods = Math.max(0, Math.round((until - history.closedUntil) / context.length));
  const { sequential, windows } = history;
  if (periods > 2 * Math.max(...sequential.plan.windows)) {
    return {
      ...history,
      closedUntil: until,
      sequential: { ...sequential, period: sequential.period + periods },
      windows: skipPeriods(windows, periods),
    };
  }
  let state = history;
  for (let i = 0; i < periods; i++) state = closeOne(state, null, context);
  return state;
}

function closeOne(history: MonitorHistory, tally: Tally | null, context: HistoryContext): MonitorHistory {
  const { baseline, policies, length, attributionRows } = context;
  const end = history.closedUntil + length;
  const { state: windows, due } = addPart(history.windows, tally, (a, b) => mergeTallies(a, b, attributionRows));
  const looks = due.map(({ window, part }) => {
    const report = driftOfTally(baseline, part, policies, true);
    // Broken rows are compared with the baseline's table, not with the training rows.
    return { window, report: { ...report, rows: { reference: baseline.rows.kept, current: part.rows } } };
  });
  const { state: sequential } = sequentialStep(history.sequential, looks, policies.data);
  const alarms = due.reduce<readonly StandingAlarm[]>(
    (standing, { window, part }) => takeLook(standing, { window, part, end }, sequential.plan, context),
    history.alarms,
  );
  return { closedUntil: end, sequential, windows, alarms };
}
