import { ChurnkitError } from "../base/errors.js";
import type { Contract } from "../data/contract/index.js";
import { labelReader, membersOf } from "../monitor/capture/index.js";
import type { MonitorLabel } from "../monitor/index.js";

/** Outcome of one prediction. */
export interface Feedback {
  /** The id that the answer gave the prediction. */
  readonly predictionId: string | undefined;
  /** The id of the record by the contract, where the caller knows that. */
  readonly id: string | undefined;
  /** The outcome, where it is known. */
  readonly label: Omit<MonitorLabel, "id"> | undefined;
  /** True: the customer got an offer. False: drawn at random to get none. */
  readonly treated: boolean | undefined;
}

/** An entry that could not be read, and why. */
export interface RefusedFeedback {
  readonly index: number;
  readonly message: string;
}

/** The entries of a body: one, an array, or the member `feedback`. */
export function feedbackIn(value: unknown, most: number): readonly unknown[] {
  const { feedback } = membersOf(value);
  const entries: readonly unknown[] = Array.isArray(value) ? value : Array.isArray(feedback) ? feedback : [value];
  if (entries.length > most)
    throw new ChurnkitError("INPUT_TOO_LARGE", `Feedback has up to ${most} entries, this one ${entries.length}.`);
  return entries;
}

/** Reads entries by the classes of a contract. */
export function readFeedback(
  entries: readonly unknown[],
  { target }: Contract,
): { readonly taken: readonly Feedback[]; readonly refused: readonly RefusedFeedback[] } {
  const { positive = "1", classes = [] } = target ?? {};
  const others = classes.filter((label) => label !== positive);
  const labelOf = labelReader({ positive, negative: others.length === 0 ? "0" : others });
  const taken: Feedback[] = [];
  const refused: RefusedFeedback[] = [];
  for (const [index, entry] of entries.entries()) {
    const read = entryOf(entry, labelOf);
    if (typeof read === "string") refused.push({ index, message: read });
    else taken.push(read);
  }
  return { taken, refused };
}

function entryOf(entry: unknown, labelOf: ReturnType<typeof labelReader>): Feedback | string {
  const { prediction_id: predictionId, id, outcome, time, recorded, treated } = membersOf(entry);
  const [own, prediction] = [id, predictionId].map((value) =>
    typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value,
  );
  const isId = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= 512;
  if (![own, prediction].some(isId)) return "it has no prediction_id, and no id";
  if (treated !== undefined && typeof treated !== "boolean") return "treated is neither true nor false";
  if (outcome === undefined && treated === undefined) return "it has neither outcome nor treated";
  const label = outcome === undefined ? undefined : labelOf({ id: "-", outcome, time, recorded });
  if (typeof label === "string") return label;
  return {
    predictionId: isId(prediction) ? prediction : undefined,
    id: isId(own) ? own : undefined,
    label: label && { outcome: label.outcome, time: label.time, recorded: label.recorded },
    treated,
  };
}
