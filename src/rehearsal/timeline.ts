import { renderReport } from "../report/render.js";
import type { RehearsalEntry } from "./rehearse.js";

type Kind = RehearsalEntry["kind"];

/** What a page shows together, in this order. */
const lanes = ["Alarms", "Retraining", "Jobs", "Endpoints", "Calls", "Failures"] as const;
const laneOf: Readonly<Record<Kind, (typeof lanes)[number]>> = {
  alarm: "Alarms",
  execution: "Retraining",
  state: "Retraining",
  pipeline: "Retraining",
  step: "Retraining",
  version: "Retraining",
  job: "Jobs",
  endpoint: "Endpoints",
  scaling: "Endpoints",
  call: "Calls",
  denied: "Failures",
  "dead letter": "Failures",
};

const clockTime = (time: string): string => time.slice(0, 19).replace("T", " ");

/**
 * A rehearsal's timeline as text, an entry a line.
 *
 * @example
 * ```ts
 * import { rehearse, timelineText } from "churnkit/rehearsal";
 *
 * const rehearsal = await rehearse();
 * console.log(timelineText(rehearsal.timeline));
 * await rehearsal.close();
 * ```
 */
export const timelineText = (timeline: readonly RehearsalEntry[]): string =>
  timeline.map(({ time, kind, text }) => `${clockTime(time)}  ${kind.padEnd(11)}  ${text}\n`).join("");

/**
 * A rehearsal's timeline as one HTML page, with a table for alarms, retraining, jobs, endpoints, calls and failures each.
 *
 * @example
 * ```ts
 * import { rehearse, timelineHtml } from "churnkit/rehearsal";
 *
 * const rehearsal = await rehearse();
 * console.log(await timelineHtml(rehearsal.timeline));
 * await rehearsal.close();
 * ```
 */
export function timelineHtml(timeline: readonly RehearsalEntry[]): Promise<string> {
  const sections = lanes.flatMap((title) => {
    const rows = timeline
      .filter(({ kind }) => laneOf[kind] === title)
      .map(({ time, kind, text }) => [clockTime(time), kind, text]);
    const columns = [{ label: "Time" }, { label: "Kind" }, { label: "Event", sentence: true }];
    return rows.length === 0 ? [] : [{ title, blocks: [{ kind: "table" as const, columns, rows }] }];
  });
  const [first, last] = [timeline[0], timeline.at(-1)];
  const span =
    first && last ? `${clockTime(first.time)} to ${clockTime(last.time)}, UTC, virtual time` : "Nothing happened.";
  return renderReport({ title: "Rehearsal", subtitle: span, sections });
}
