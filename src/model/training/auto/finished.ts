import { ChurnkitError } from "../../../base/errors.js";
import { textHash } from "../../../base/hash.js";
import { canonicalJson, parseJson } from "../../../base/json/index.js";
import { version } from "../../../base/version.js";
import { type ObjectStore, typedStore } from "../../../io/store/index.js";
import { readModel, writeModel } from "../../bundle/model-files.js";
import type { HeldOut, LabeledMatrix, Learned, Learner } from "../../kinds/learner.js";
import { trainingKey } from "../../kinds/training-key.js";

/** What finished learners learned, kept in a store for the case that the training is interrupted. */
export interface Finished {
  /** What a learner has learned from these rows before. */
  load(learner: Learner): Promise<Learned | undefined>;
  save(learner: Learner, learned: Learned): Promise<void>;
}

/** All that was learned except the model, whose files are listed. */
interface Kept extends Omit<Learned, "model" | "heldOut"> {
  readonly heldOut: { readonly [Key in keyof HeldOut]: readonly number[] };
  readonly files: readonly string[];
}

/**
 * Keeps finished learners of a training in a store. Only learners that their name and options define are kept: what
 * another one would learn can't be known.
 */
export function openFinished(
  given: ObjectStore | undefined,
  seed: number,
  data: readonly (LabeledMatrix | undefined)[],
): Finished | undefined {
  if (!given) return undefined;
  const store = typedStore(given);
  const recipes = data.map((part) => part?.recipe);
  const details = data.map((part) => part?.details && [...part.details]);
  const training = trainingKey({ version, seed, recipes, details }, data);
  const folderOf = ({ name, parameters }: Learner): string =>
    `checkpoint-${textHash(canonicalJson({ training, name, parameters })).slice(0, 16)}`;
  return {
    async load(learner) {
      if (learner.options === undefined) return undefined;
      const folder = folderOf(learner);
      const found = await store.get(`${folder}/learned.json`);
      if (!found) return undefined;
      try {
        const { files, heldOut, ...rest } = parseJson(new TextDecoder().decode(found.bytes)) as Kept;
        const contents = new Map(
          await Promise.all(files.map(async (file) => [file, (await store.get(`${folder}/${file}`))?.bytes] as const)),
        );
        return {
          ...rest,
          model: readModel((file) => contents.get(file) ?? missing(file)),
          heldOut: {
            rows: Uint32Array.from(heldOut.rows),
            probabilities: Float64Array.from(heldOut.probabilities),
            ...(heldOut.crossed && { crossed: Float64Array.from(heldOut.crossed) }),
          },
        };
      } catch (cause) {
        if (ChurnkitError.isInstance(cause) && cause.code === "STORE_FAILED") throw cause;
        throw new ChurnkitError(
          "CHECKPOINT_MISMATCH",
          `The finished learner ${learner.name} in ${folder} cannot be read. Delete the checkpoint and train from the start.`,
          { cause },
        );
      }
    },
    async save(learner, { model, heldOut: { rows, probabilities, crossed }, ...rest }) {
      if (learner.options === undefined) return;
      const folder = folderOf(learner);
      const files = new Map<string, Uint8Array<ArrayBuffer>>();
      writeModel(model, files);
      await Promise.all([...files].map(([file, bytes]) => store.put(`${folder}/${file}`, bytes)));
      const kept: Kept = {
        ...rest,
        heldOut: { rows: [...rows], probabilities: [...probabilities], ...(crossed && { crossed: [...crossed] }) },
        files: [...files.keys()],
      };
      // Last: without it the learner is not finished.
      await store.put(`${folder}/learned.json`, new TextEncoder().encode(JSON.stringify(kept)));
    },
  };
}

function missing(file: string): never {
  throw new RangeError(`${file} is missing`);
}
