import { ChurnkitError } from "../../base/errors.js";
import { parseJsonFile, readableJson, type JsonValue } from "../../model/bundle/json.js";
import { retrainingTriggers, type RetrainingTrigger } from "./policy.js";

/** A trigger that was seen and that no run has served yet. Times are ISO 8601. */
export interface PendingTrigger {
  readonly kind: RetrainingTrigger;
  /** Tells triggers of one kind apart: the alarm's name; "" for the other kinds. */
  readonly subject: string;
  /** What was seen, in words: "accuracy 0.78 is below 0.8". */
  readonly message: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Seen since a run that then succeeded began, which may have cured it: a later measurement that is well clears it. */
  readonly doubtful: boolean;
}

/** A run at work. */
export interface RetrainingRun {
  /** Unique, 32 to 80 letters, digits and -: fit as an AWS request token or execution name. */
  readonly id: string;
  readonly owner: string;
  readonly startedAt: string;
  /** Unless renewed, the run has crashed by then. */
  readonly leaseUntil: string;
  /** What the started system calls it, such as an execution's ARN; null until it is known. */
  readonly reference: string | null;
  readonly triggers: readonly RetrainingTrigger[];
  /** Reserved of the budget. */
  readonly cost: number;
}

/** What became of a run. */
export const runStatuses = ["succeeded", "failed", "crashed"] as const;
/** A name of {@link runStatuses}. */
export type RunStatus = (typeof runStatuses)[number];

/** A run that is over. */
export interface FinishedRun {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly status: RunStatus;
  readonly reference: string | null;
  readonly triggers: readonly RetrainingTrigger[];
  readonly cost: number;
  /** What it said: the new version, or why it failed. */
  readonly detail: string;
}

/** Everything that decisions rest on, plain JSON; one object in a store, changed by compare-and-swap only. */
export interface RetrainingState {
  /** When the policy was first looked at; schedules count from here until a run succeeds. */
  readonly since: string;
  /** Who has stopped everything, if anybody. */
  readonly stopped: { readonly at: string; readonly by: string; readonly reason: string } | null;
  readonly pending: readonly PendingTrigger[];
  readonly running: RetrainingRun | null;
  /** Newest first: all that the budget's period needs, and some more. */
  readonly runs: readonly FinishedRun[];
  /** When the last run that succeeded began and ended. */
  readonly lastSuccess: { readonly startedAt: string; readonly finishedAt: string } | null;
}

const format = "churnkit-retraining";
const formatVersion = 1;
const maxText = 2000;
/** Triggers that are remembered one by one. */
export const maxPending = 200;
const maxRuns = 2000;
const kinds = Object.keys(retrainingTriggers) as RetrainingTrigger[];

/** The state of a policy that is new. */
export const newRetrainingState = (now: Date): RetrainingState => ({
  since: now.toISOString(),
  stopped: null,
  pending: [],
  running: null,
  runs: [],
  lastSuccess: null,
});

/** A text that fits the state: cut at 2,000 characters. */
export const shortText = (text: string): string => text.slice(0, maxText);

/** The state as it is kept. */
export function writeState(state: RetrainingState): Uint8Array<ArrayBuffer> {
  return readableJson({ format, formatVersion, ...state });
}

/** The error for kept state that cannot be read. */
export const corruptState = (file: string, what: string, path?: string): ChurnkitError =>
  new ChurnkitError("STATE_CORRUPT", `The monitor's state ${file} ${what}${path === undefined ? "" : ` (at ${path})`}. Restore it, or delete it to begin anew.`, {
    where: { file, path },
  });

/** @throws ChurnkitError STATE_CORRUPT. */
export function parseState(key: string, bytes: Uint8Array): RetrainingState {
  const root = parseJsonFile(key, bytes, corruptState);
  if (root.get("format").value !== format || root.get("formatVersion").value !== formatVersion) {
    throw corruptState(key, `is not of format ${format} ${formatVersion}; a newer churnkit may have written it`);
  }
  const [stopped, running, success] = [root.get("stopped"), root.get("running"), root.get("lastSuccess")];
  return {
    since: time(root.get("since")),
    stopped: stopped.absent ? null : { at: time(stopped.get("at")), by: stopped.get("by").text(), reason: stopped.get("reason").text() },
    pending: root.get("pending").list(maxPending + kinds.length).map(parsePending),
    running: running.absent ? null : parseRun(running),
    runs: root.get("runs").list(maxRuns).map(parseFinished),
    lastSuccess: success.absent ? null : { startedAt: time(success.get("startedAt")), finishedAt: time(success.get("finishedAt")) },
  };
}

/** A time as this module writes it. */
export function time(json: JsonValue): string {
  const text = json.text();
  if (Number.isNaN(Date.parse(text)) || new Date(text).toISOString() !== text) throw json.not("a time such as 2026-11-21T12:00:00.000Z");
  return text;
}

function parsePending(json: JsonValue): PendingTrigger {
  return {
    kind: json.get("kind").oneOf(kinds),
    subject: json.get("subject").text(),
    message: json.get("message").text(),
    firstSeen: time(json.get("firstSeen")),
    lastSeen: time(json.get("lastSeen")),
    doubtful: boolean(json.get("doubtful")),
  };
}

const boolean = (json: JsonValue): boolean => {
  if (typeof json.value !== "boolean") throw json.not("true or false");
  return json.value;
};

const common = (json: JsonValue): Pick<FinishedRun, "id" | "startedAt" | "reference" | "triggers" | "cost"> => ({
  id: json.get("id").text(),
  startedAt: time(json.get("startedAt")),
  reference: json.get("reference").absent ? null : json.get("reference").text(),
  triggers: json.get("triggers").list(kinds.length).map((kind) => kind.oneOf(kinds)),
  cost: json.get("cost").number(0),
});

const parseRun = (json: JsonValue): RetrainingRun => ({
  ...common(json),
  owner: json.get("owner").text(),
  leaseUntil: time(json.get("leaseUntil")),
});

const parseFinished = (json: JsonValue): FinishedRun => ({
  ...common(json),
  finishedAt: time(json.get("finishedAt")),
  status: json.get("status").oneOf(runStatuses),
  detail: json.get("detail").text(),
});
