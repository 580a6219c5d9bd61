import {
  flag,
  list,
  nullable,
  number,
  object,
  oneOf,
  text,
  where,
  type Decoder,
  documentError,
  JsonValue,
  readableJson,
} from "../../base/json/index.js";
import { retrainingTriggers, type RetrainingTrigger } from "./retraining-policy.js";

/** A trigger that was seen and that no run has served yet. Times are ISO 8601. */
export interface PendingTrigger {
  readonly kind: RetrainingTrigger;
  /** Distinguishes triggers of one kind: the alarm's name; "" for the other kinds. */
  readonly subject: string;
  /** Observation in words: "accuracy 0.78 is below 0.8". */
  readonly message: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Seen since the start of a run that then succeeded and may have fixed it: a later good measurement clears it. */
  readonly doubtful: boolean;
}

/** A run at work. */
export interface RetrainingRun {
  /** Unique, 32 to 80 letters, digits and -: usable as an AWS request token or execution name. */
  readonly id: string;
  readonly owner: string;
  readonly startedAt: string;
  /** Unless renewed, the run counts as crashed from then on. */
  readonly leaseUntil: string;
  /** Its name in the started system, such as an execution's ARN; null until it is known. */
  readonly reference: string | null;
  readonly triggers: readonly RetrainingTrigger[];
  /** Reserved of the budget. */
  readonly cost: number;
}

/** Outcome of a run. */
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
  /** Its message: the new version, or the reason for the failure. */
  readonly detail: string;
}

/** Everything that decisions depend on, plain JSON; one object in a store, changed by compare-and-swap only. */
export interface RetrainingState {
  /** Time of the first look at the policy; schedules count from here until a run succeeds. */
  readonly since: string;
  /** Who stopped everything, if anybody. */
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
/** Limit on the triggers that are remembered individually. */
export const maxPending = 200;
const maxRuns = 2000;
const kinds = Object.keys(retrainingTriggers) as RetrainingTrigger[];

/** The state of a new policy. */
export const newRetrainingState = (now: Date): RetrainingState => ({
  since: now.toISOString(),
  stopped: null,
  pending: [],
  running: null,
  runs: [],
  lastSuccess: null,
});

/** Cuts a text for the state at 2,000 characters. */
export const shortText = (long: string): string => long.slice(0, maxText);

/** The state as it is stored, plain JSON. */
export const stateDocument = (written: RetrainingState) => ({ format, formatVersion, ...written });

/** Writes the state in its stored form. */
export const writeState = (written: RetrainingState): Uint8Array<ArrayBuffer> => readableJson(stateDocument(written));

/** Makes the error for saved state that cannot be read. */
export const corruptState = documentError(
  "STATE_CORRUPT",
  "The monitor's state",
  "Restore it, or delete it to start over.",
);

/** Formats a time as in this module. */
export const time = where(
  text(40),
  (value) => !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value,
  "a time such as 2026-11-21T12:00:00.000Z",
);

const kind = oneOf(kinds);
const run = {
  id: text(),
  startedAt: time,
  reference: nullable(text()),
  triggers: list(kind, kinds.length),
  cost: number(0),
};

const state: Decoder<RetrainingState> = object({
  since: time,
  stopped: nullable(object({ at: time, by: text(), reason: text() })),
  pending: list(
    object({ kind, subject: text(), message: text(), firstSeen: time, lastSeen: time, doubtful: flag }),
    maxPending + kinds.length,
  ),
  running: nullable(object({ ...run, owner: text(), leaseUntil: time })),
  runs: list(object({ ...run, finishedAt: time, status: oneOf(runStatuses), detail: text() }), maxRuns),
  lastSuccess: nullable(object({ startedAt: time, finishedAt: time })),
});

/** @throws ChurnkitError STATE_CORRUPT. */
export const parseState = (key: string, bytes: Uint8Array): RetrainingState =>
  stateOf(JsonValue.parse(bytes, key, corruptState));

/** The state of a document that was parsed. */
export function stateOf(document: JsonValue): RetrainingState {
  const { value } = document.get("format");
  if (value !== format || document.get("formatVersion").value !== formatVersion)
    throw document.refused(`is not of format ${format} ${formatVersion}; a newer churnkit may have written it`);
  return state(document);
}
