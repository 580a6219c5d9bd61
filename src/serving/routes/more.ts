import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import type { Explainer } from "../../model/explain/index.js";
import type { More } from "../predict.js";
import type { Desk } from "./service.js";

/** Most reasons of one answer. */
const mostReasons = 100;

/**
 * Returns the additions that a request's query asks for in the answer of each record: `?probabilities` those of all
 * classes, `?explain=3` the three columns that moved the score most, in words, with `&class=basic` the probability of that class.
 *
 * @param single whether the request has one record: a batch takes no reasons, each of which costs as much as many scores.
 * @throws ChurnkitError REQUEST_INVALID for a number of reasons out of range, and for reasons where there are none.
 */
export async function moreOf(
  query: string,
  { scoring, explainer }: Desk,
  { single }: { readonly single: boolean },
): Promise<More | undefined> {
  if (query === "") return undefined;
  const asked = new URLSearchParams(query);
  const parts: More[] = [];
  if (isOn(asked, "probabilities")) parts.push(classProbabilities(scoring.scorer.contract));
  const top = reasonsAsked(asked.get("explain"));
  if (top > 0) {
    if (!single) throw new ChurnkitError("REQUEST_INVALID", "explain is for /predict. Ask for single records.");
    if (explainer === undefined)
      throw new ChurnkitError(
        "REQUEST_INVALID",
        "This server keeps no artifact of the model, so it has no reasons. Ask without explain.",
      );
    const label = classAsked(asked.get("class"), scoring.scorer.contract);
    parts.push(await reasonsIn(() => explainer(label), top));
  }
  const [only] = parts;
  return parts.length < 2
    ? only
    : (...given) => parts.reduce<ReturnType<More>>((all, part) => ({ ...all, ...part(...given) }), {});
}

/** Whether a flag of the query is on: `?probabilities` or `?probabilities=true`. */
function isOn(asked: URLSearchParams, name: string): boolean {
  const value = asked.get(name);
  if (value === null || value === "false") return false;
  if (value === "" || value === "true") return true;
  throw new ChurnkitError("REQUEST_INVALID", `${name} is ${value.slice(0, 40)}. Give true or false.`);
}

function reasonsAsked(value: string | null): number {
  if (value === null) return 0;
  const top = value === "" ? 3 : Number(value);
  if (Number.isInteger(top) && top >= 0 && top <= mostReasons) return top;
  throw new ChurnkitError(
    "REQUEST_INVALID",
    `explain is ${value.slice(0, 40)}. Give the number of reasons, from 0 to ${mostReasons}.`,
  );
}

function classAsked(value: string | null, { target }: Contract): string {
  const { classes = [], positive = "" } = target ?? {};
  const label = value ?? positive;
  if (classes.includes(label)) return label;
  throw new ChurnkitError("REQUEST_INVALID", `class is ${label.slice(0, 40)}. Give one of ${classes.join(", ")}.`);
}

/** The probability of each class, in the contract's order. */
export function classProbabilities({ target }: Contract): More {
  const { classes = [], positive } = target ?? {};
  return (_, { probability, probabilities }) => ({
    probabilities:
      probabilities ??
      Object.fromEntries(classes.map((label) => [label, label === positive ? probability : 1 - probability])),
  });
}

async function reasonsIn(explainerOf: () => Promise<Explainer>, top: number): Promise<More> {
  const { reasons } = await import("../../model/explain/index.js");
  const explainer = await explainerOf().catch((cause: unknown) => {
    if (!ChurnkitError.isInstance(cause)) throw cause;
    throw new ChurnkitError("REQUEST_INVALID", `The model cannot be explained here: ${cause.message}`, { cause });
  });
  return (record) => ({
    reasons: reasons(explainer, record, { top }).reasons.map(({ column, value, direction, logOdds, sentence }) => ({
      column,
      value,
      direction,
      log_odds: logOdds,
      sentence,
    })),
  });
}
