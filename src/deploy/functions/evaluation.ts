import { object, text } from "../../base/json/index.js";
import { type Bundle, openBundle } from "../../model/bundle/index.js";
import { evaluate, summarize } from "../../model/evaluate/index.js";
import { storeRegistry } from "../../registry/backends/index.js";
import { nameOf } from "../aws/target.js";
import type { ModelRegistry } from "../../registry/registry.js";
import { decodeEvent } from "./events.js";
import { bytesAt, tableAt } from "./row-files.js";
import { type FunctionOptions, placeOfUri, surroundingsOf } from "./surroundings.js";

/** Settings of {@link evaluationFunction}. */
export interface EvaluationOptions extends FunctionOptions {
  /** URI of labeled rows that no training sees: a file, or a folder in the target's folder. */
  readonly rows: string;
  /** Where the champion is. Default: the registry in the target's folder whose name is the target's, `churn-dev`. */
  readonly registry?: ModelRegistry | undefined;
  /** Alias of the version to compare with. Default `champion`. */
  readonly alias?: string | undefined;
}

/** What an evaluation answers: metrics of the model, and the F1 of the champion on the same rows, 0 without a champion. */
export interface EvaluationResult {
  readonly accuracy: number;
  readonly f1: number;
  readonly championF1: number;
}

const eventOf = object({ model: text(2048) });

/**
 * The function that `retrainingMachine` calls as `evaluate`: it is given `model`, the URI of a trained `model.tar.gz`, and answers how good
 * the model is on rows that were held out, and how good the champion is.
 *
 * @throws ChurnkitError OPTION_INVALID. From the function: BUNDLE_* and INPUT_* for a model or rows that cannot be read, TARGET_INVALID for
 * rows without labels.
 * @example
 * ```ts no-run
 * import { evaluationFunction } from "churnkit/deploy/functions";
 *
 * export const handler = evaluationFunction({ rows: "s3://churn-data/churn-dev/held-out.csv" });
 * ```
 */
export function evaluationFunction(options: EvaluationOptions): (event: unknown) => Promise<EvaluationResult> {
  const around = surroundingsOf(options);
  const { rows, alias = "champion" } = options;
  placeOfUri(rows);

  /** The metrics of a model, by its own contract. */
  const judge = async ({ artifact, scorer }: Bundle): Promise<{ accuracy: number; f1: number }> => {
    const { values } = summarize(evaluate({ scorer }, await tableAt(around, rows, artifact.contract)));
    // Without a value, such as the F1 of a model that never says yes, a model passes no gate.
    return { accuracy: values.accuracy.value ?? 0, f1: values.f1.value ?? 0 };
  };
  const champion = async (): Promise<Bundle | undefined> => {
    const registry = options.registry ?? storeRegistry(await around.store(), { name: nameOf(around.target) });
    const version = (await registry.aliases()).get(alias);
    return version === undefined ? undefined : registry.load(version);
  };

  return async (event) => {
    const { model } = decodeEvent(eventOf, event, "an evaluation");
    const judged = await judge(await openBundle(await bytesAt(around, model)));
    const rival = await champion();
    return { ...judged, championF1: rival === undefined ? 0 : (await judge(rival)).f1 };
  };
}
