import { actsOf } from "./access/acts.js";
import { nameOf } from "./access/permissions.js";
import type { AwsCall } from "./front/front.js";
import type { AwsPlace } from "./place.js";
import type { RehearsalEntry } from "./rehearse.js";

const changing = /:(Create|Update|Delete|Put|Start|Stop)/;

/**
 * Puts calls that change something into the timeline. The same caller's calls of one action in a row are one entry, with their count.
 *
 * @returns what is to be told each call.
 */
export function changeLog(timeline: RehearsalEntry[], place: AwsPlace): (call: AwsCall, input: unknown) => void {
  let last: {
    readonly what: string;
    readonly resource: string;
    readonly count: number;
    readonly entry: RehearsalEntry;
  } = { what: "", resource: "", count: 0, entry: { time: "", kind: "call", text: "" } };
  return ({ service, operation, caller, time }, input) => {
    const [act] = actsOf({ service, operation, input }, place, new Map());
    if (act === undefined || !changing.test(act.action)) return;
    const what = `${nameOf(caller)} ${act.action}`;
    const isAgain = last.what === what && timeline.at(-1) === last.entry;
    const count = isAgain ? last.count + 1 : 1;
    const resource = isAgain && last.resource !== act.resource ? "*" : act.resource;
    const now = new Date(time).toISOString();
    const first = isAgain ? last.entry.time : now;
    const until = first === now ? "" : ` until ${now.slice(0, 19).replace("T", " ")}`;
    const name = resource === "*" ? "" : ` ${resource.split(":").slice(5).join(":")}`;
    const text = `${what}${name}${count > 1 ? `, ${count} times${until}` : ""}`;
    last = { what, resource, count, entry: { time: first, kind: "call", text } };
    timeline[timeline.length - (isAgain ? 1 : 0)] = last.entry;
  };
}
