import type { ErrorCode } from "../../base/errors.js";
import type { Artifact } from "../../model/artifact.js";
import type { ScoredRecord, Scorer } from "../../model/scoring/index.js";
import type { ScoringContext } from "../handler.js";

/** A model on duty: a scorer and where it came from. */
export interface ServedModel {
  readonly scorer: Scorer;
  readonly name: string;
  /** The registry's version, or the bundle's content hash. */
  readonly version: string;
  /** `registry`, `local`, ...: said in every answer. */
  readonly source: string;
  /** The scorer's artifact. With it, callers may ask for reasons (`?explain=3`). */
  readonly artifact?: Artifact | undefined;
  /** Reference of the variant that it is, where several share the traffic: said in every answer. */
  readonly variant?: string | undefined;
}

/** Why a version that is due is not on duty. It is shown to callers, so it says no more than the error's code. */
export interface ModelProblem {
  readonly ref: string;
  readonly code: ErrorCode;
  /** ISO 8601. */
  readonly since: string;
}

/**
 * The models behind a handler. Which of them is on duty may change at any time; a request keeps the {@link ServedModel} that it
 * found at its start.
 */
export interface Models {
  /** Their names, the default first. */
  names(): readonly string[];
  /** Model for a request: the default without a name, the one on duty without a version; undefined where there is none. */
  find(name?: string, version?: string): ServedModel | undefined;
  /** Model that scores a record where variants share the traffic; elsewhere that of {@link Models.find}. */
  choose(record: unknown, name?: string): ServedModel | undefined;
  /** Whether every model is loaded and warm. */
  ready(): boolean;
  /** Problems that keep due versions out of service. */
  problems?(): readonly ModelProblem[];
  /** Whether {@link Models.choose} may give records of one name to different models. */
  splits?(name?: string): boolean;
  /** Told of each scored request before its answer is sent, so the work is done later. */
  scored?(records: readonly unknown[], results: readonly ScoredRecord[], context: ScoringContext): void;
  /** Members that GET /models adds to a model's origin. */
  about?(name: string): Readonly<Record<string, unknown>>;
  /**
   * Loads a model that a caller names, where callers may do so.
   *
   * @throws ChurnkitError INPUT_TOO_LARGE where there is no room for it; others for a model that cannot be loaded.
   */
  readonly load?: ((name: string, url: string) => Promise<ServedModel>) | undefined;
  /** Forgets such a model; false where there is none. */
  readonly unload?: ((name: string) => boolean) | undefined;
}

/** The models of a server that has one, which never changes. */
export function oneModel(model: ServedModel): Models {
  const names = [model.name];
  const find = (name = model.name, version = model.version): ServedModel | undefined =>
    name === model.name && version === model.version ? model : undefined;
  return { names: () => names, find, choose: (_, name) => find(name), ready: () => true };
}

/** The models of a handler that was given one model or several. */
export const modelsOf = (given: ServedModel | Models): Models => ("find" in given ? given : oneModel(given));
