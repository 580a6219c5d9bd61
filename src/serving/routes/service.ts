import type { Explainer } from "../../model/explain/index.js";
import { batchTurns, type GiveWay } from "../batch-turns.js";
import { namingOf, type Naming } from "../bodies/index.js";
import { cachedScore, type AnswerCache } from "../cache/index.js";
import { failure, type ServeResponse } from "../http.js";
import type { Feedback } from "../feedback.js";
import type { ServingMetrics } from "../metrics.js";
import type { Models, ServedModel } from "../models/index.js";
import type { Scoring } from "../predict.js";
import type { PathParts } from "./route.js";

/** A model with what its routes need, made once. */
export interface Desk {
  readonly model: ServedModel;
  /** Said in every answer: name, version and source of the model. */
  readonly origin: Readonly<
    Record<"model_name" | "model_version" | "model_source", string> & { readonly model_variant?: string }
  >;
  readonly scoring: Scoring;
  readonly naming: Naming;
  /** The model's explainer of a class, made at the first call; undefined where the model has none. */
  readonly explainer: ((label: string) => Promise<Explainer>) | undefined;
}

/** State that all routes share. */
export interface Service {
  readonly models: Models;
  readonly metrics: ServingMetrics | undefined;
  /** Most records in one batch. */
  readonly maxBatch: number;
  /** The desk of a model. */
  readonly desk: (model: ServedModel) => Desk;
  /** Runs batches one behind the other, in slices, so that single requests go first. */
  readonly inTurn: <T>(work: (giveWay: GiveWay) => Promise<T>) => Promise<T>;
  /** Takes errors of the server that come after an answer has begun. */
  readonly failed: (error: unknown) => void;
  /** Takes what became of predictions, where somebody does. */
  readonly feedback: ((given: readonly Feedback[]) => unknown) | undefined;
}

/** Options of {@link serviceOf}. */
export interface ServiceSettings {
  readonly models: Models;
  readonly metrics: ServingMetrics | undefined;
  readonly maxBatch: number;
  readonly cache: AnswerCache | undefined;
  /** Makes what takes the scored records of a model. */
  readonly scoredBy: (model: ServedModel) => Scoring["scored"];
  readonly failed: Service["failed"];
  readonly feedback: Service["feedback"];
}

export function serviceOf(settings: ServiceSettings): Service {
  const { models, metrics, maxBatch, cache, scoredBy, failed, feedback } = settings;
  const desks = new WeakMap<ServedModel, Desk>();
  const made = (model: ServedModel): Desk => {
    const { scorer, name, version, source, variant } = model;
    const origin = {
      model_name: name,
      model_version: version,
      model_source: source,
      ...(variant === undefined ? {} : { model_variant: variant }),
    };
    const said = JSON.stringify({ threshold: scorer.decision.threshold, ...origin }).slice(1, -1);
    const scoreOne = cache && cachedScore(cache, model);
    const scoring = {
      scorer,
      scoreOne,
      metrics,
      maxBatch,
      said,
      originHeaders: originHeaders(origin),
      scored: scoredBy(model),
    };
    const desk = { model, origin, scoring, naming: namingOf(scorer.contract), explainer: explainerIn(model) };
    desks.set(model, desk);
    return desk;
  };
  const desk = (model: ServedModel): Desk => desks.get(model) ?? made(model);
  return { models, metrics, maxBatch, desk, inTurn: batchTurns(), failed, feedback };
}

/** A model's origin as headers. A header holds ASCII alone. */
export const originHeaders = (origin: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(origin).map(([key, value]) => [`x-${key.replaceAll("_", "-")}`, encodeURIComponent(value)]),
  );

/** Makes a model's explainer of a class at the first call. */
function explainerIn({ artifact }: ServedModel): Desk["explainer"] {
  if (artifact === undefined) return undefined;
  const made = new Map<string, Promise<Explainer>>();
  return (label) => {
    const known = made.get(label);
    if (known) return known;
    const making = import("../../model/explain/index.js").then(({ explainerOf }) =>
      explainerOf(artifact, { class: label }),
    );
    made.set(label, making);
    return making;
  };
}

/** Whom a path names: open parts `model` and `version`. */
export const foundIn = ({ models }: Service, { model, version }: PathParts): ServedModel | undefined =>
  models.find(model, version);

/** The answer where a path names no model that is here. */
export function noModel({ models }: Service, { model, version }: PathParts): ServeResponse {
  const names = models.names();
  if (model !== undefined && !names.includes(model))
    return failure(404, {
      code: "REQUEST_INVALID",
      message: `There is no model ${model.slice(0, 100)} here. GET /models lists the models.`,
    });
  if (version !== undefined)
    return failure(404, {
      code: "REQUEST_INVALID",
      message: `Version ${version.slice(0, 100)} of the model is not here. GET /models lists the versions.`,
    });
  return failure(
    503,
    { code: "MODEL_NOT_READY", message: "The model is not loaded yet. Ask again soon." },
    { "retry-after": "1" },
  );
}
