import { ChurnkitError } from "../../base/errors.js";
import {
  canonicalJson,
  documentError,
  JsonValue,
  count,
  list,
  number,
  object,
  optional,
  record,
  text,
} from "../../base/json/index.js";
import { openLog, type ObjectStore } from "../../io/store/index.js";
import type { Outcome, TrialPlan } from "../training/trial.js";

const format = "churnkit-tuning-1";

/** What trials of a search depend on; a journal with anything else is another search's. */
export type SearchIdentity = Readonly<Record<string, unknown>>;

/** The trials that a search has done, kept so that a killed one continues. */
export interface Journal {
  /** What a trial ended with before. @throws ChurnkitError CHECKPOINT_MISMATCH if that was another trial. */
  outcomeOf(stage: string, plan: TrialPlan): Outcome | undefined;
  add(stage: string, plan: TrialPlan, outcome: Outcome): Promise<void>;
}

const unusable = documentError("CHECKPOINT_MISMATCH", "The journal", "Name another file.");

const entry = object({
  stage: text(),
  trial: count(),
  learner: text(),
  options: record((json) => json.value, 100),
  share: number(0, 1),
  values: list(number(), 100_000),
  value: (json: JsonValue) => (json.value === null ? null : number()(json)),
  failed: optional(text(2000)),
});

/**
 * Opens the journal of a search: JSON lines in a file, or objects of a store. It begins with the search's identity.
 *
 * @throws ChurnkitError CHECKPOINT_MISMATCH for the journal of another search, IO_FAILED, STORE_FAILED.
 */
export async function openJournal(
  place: string | ObjectStore | undefined,
  identity: SearchIdentity,
): Promise<Journal | undefined> {
  if (place === undefined) return undefined;
  const log = openLog(place);
  const [head, ...rest] = await log.read();
  if (head === undefined) await log.append({ format, ...identity });
  else checkIdentity(log.name, head, identity);
  const done = new Map(
    rest.map((json) => {
      const one = entry(JsonValue.of(json, log.name, unusable));
      return [keyOf(one.stage, one.trial), one] as const;
    }),
  );
  return {
    outcomeOf(stage, { number: trial, learner, options, share }) {
      const found = done.get(keyOf(stage, trial));
      if (found === undefined) return undefined;
      if (canonicalJson([found.learner, found.options, found.share]) !== canonicalJson([learner, options, share]))
        throw new ChurnkitError(
          "CHECKPOINT_MISMATCH",
          `The journal ${log.name} has another trial ${trial} than this search. Name another file.`,
        );
      const { value, values, failed } = found;
      return { value, values, failed };
    },
    add: (stage, { number: trial, learner, options, share }, outcome) =>
      log.append({ stage, trial, learner, options, share, ...outcome }),
  };
}

const keyOf = (stage: string, trial: number): string => `${stage}/${trial}`;

function checkIdentity(name: string, head: unknown, identity: SearchIdentity): void {
  const before = (typeof head === "object" ? head : {}) as Readonly<Record<string, unknown>>;
  if (before["format"] !== format)
    throw new ChurnkitError("CHECKPOINT_MISMATCH", `${name} is not a journal of a tuning. Name another file.`);
  const changed = Object.keys(identity).filter(
    (part) => canonicalJson(identity[part] ?? null) !== canonicalJson(before[part] ?? null),
  );
  if (changed.length > 0)
    throw new ChurnkitError(
      "CHECKPOINT_MISMATCH",
      `The journal ${name} belongs to another search. Not the same: ${changed.join(", ")}. Restore that, or name another file.`,
      { where: { path: changed[0] } },
    );
}
