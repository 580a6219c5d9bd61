import { ChurnkitError } from "../base/errors.js";
import type { ServeRequest } from "./http.js";

/** Gives the id of each prediction of a request, by its place in it. */
export type PredictionIds = (index: number) => string;

/** Header with the id of a request's predictions, for callers that choose it and in the answers to batches. */
export const predictionHeader = "x-prediction-id";

/** Visible characters; an id is kept with the predictions, so it must be short. */
const form = /^[\x21-\x7e]{1,200}$/;

/**
 * The id of a request's predictions: the caller's own, or a new UUID.
 *
 * @throws ChurnkitError REQUEST_INVALID for an id that is too long or has blanks.
 */
export function predictionIdOf({ headers }: ServeRequest): string {
  const given = headers[predictionHeader];
  if (given === undefined) return crypto.randomUUID();
  if (form.test(given)) return given;
  throw new ChurnkitError(
    "REQUEST_INVALID",
    `${predictionHeader} is not a prediction id. Send 1 to 200 visible ASCII characters without blanks.`,
  );
}

/** The ids of a batch: that of its request, a slash, and the record's place in it from 0. */
export const idsIn =
  (base: string, first = 0): PredictionIds =>
  (index) =>
    `${base}/${first + index}`;
