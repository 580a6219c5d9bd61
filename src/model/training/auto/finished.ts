import { hasher, textHash } from "../../../base/hash.js";
import {
  canonicalJson,
  type Decoded,
  documentError,
  JsonValue,
  list,
  numbers,
  object,
  oneOf,
  optional,
  record,
  text,
  where,
} from "../../../base/json/index.js";
import { version } from "../../../base/version.js";
import { type ObjectStore, typedStore } from "../../../io/store/index.js";
import type { ModelNode } from "../../artifact.js";
import { readModel, writeModel } from "../../bundle/model-files.js";
import type { LabeledMatrix, Learned, Learner } from "../../kinds/learner.js";
import { epochRecord } from "../../kinds/network/checkpoint.js";
import { trainingKey } from "../../kinds/training-key.js";

/** What finished learners learned, kept in a store for the case that the training is interrupted. */
export interface Finished {
  /** What a learner has learned from these rows before. */
  load(learner: Learner): Promise<Learned | undefined>;
  save(learner: Learner, learned: Learned): Promise<void>;
}

const unreadable = documentError(
  "CHECKPOINT_MISMATCH",
  "The finished learner",
  "Delete the checkpoint and train from the start.",
);
const probabilities = where(
  numbers(Infinity),
  (values) => values.every((value) => value >= 0 && value <= 1),
  "a list of probabilities",
);
const rows = where(
  numbers(Infinity),
  (values) => values.every((row) => row >= 0 && Number.isInteger(row)),
  "a list of rows",
);
const cap = object({ cap: oneOf(["budget", "epochs", "rounds", "members", "rows"]), message: text() });

/** All that was learned except the model, whose files are listed with the SHA-256 of each. */
const kept = object({
  /** The folder that it was written to: another learner's, or another training's, has another one. */
  folder: text(),
  files: record(text()),
  heldOut: object({ rows, probabilities, crossed: optional(probabilities) }),
  history: list(list(epochRecord)),
  found: optional(record(({ value }) => value)),
  caps: optional(list(cap)),
  learner: optional(text()),
});

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

  async function modelOf(folder: string, files: Readonly<Record<string, string>>): Promise<ModelNode> {
    const contents = new Map<string, Uint8Array>();
    for (const [file, hash] of Object.entries(files)) {
      const found = await store.get(`${folder}/${file}`);
      if (!found || hasher().update(found.bytes).hex() !== hash)
        throw unreadable(`${folder}/${file}`, found ? "is not the file that was saved" : "is missing");
      contents.set(file, found.bytes);
    }
    return readModel((file) => contents.get(file) ?? missing(`${folder}/${file}`));
  }

  return {
    async load(learner) {
      if (learner.options === undefined) return undefined;
      const folder = folderOf(learner);
      const name = `${folder}/learned.json`;
      const found = await store.get(name);
      if (!found) return undefined;
      const json = JsonValue.parse(found.bytes, name, unreadable);
      const { folder: home, files, heldOut, ...rest } = kept(json);
      if (home !== folder) throw json.get("folder").refused("is that of another learner or training");
      const { rows, probabilities, crossed } = heldOut;
      const given = (data[1] ?? data[0])?.labels.length ?? 0;
      if ([probabilities, crossed ?? rows].some((of) => of.length !== rows.length) || rows.some((row) => row >= given))
        throw json.get("heldOut").refused("does not fit the training's rows");
      return {
        ...rest,
        model: await modelOf(folder, files),
        heldOut: {
          rows: Uint32Array.from(rows),
          probabilities: Float64Array.from(probabilities),
          ...(crossed && { crossed: Float64Array.from(crossed) }),
        },
      };
    },
    async save(learner, { model, heldOut: { rows, probabilities, crossed }, history, caps, ...rest }) {
      if (learner.options === undefined) return;
      const folder = folderOf(learner);
      const files = new Map<string, Uint8Array<ArrayBuffer>>();
      writeModel(model, files);
      await Promise.all([...files].map(([file, bytes]) => store.put(`${folder}/${file}`, bytes)));
      const written: Decoded<typeof kept> = {
        ...rest,
        history: history.map((epochs) => [...epochs]),
        ...(caps && { caps: [...caps] }),
        folder,
        heldOut: { rows: [...rows], probabilities: [...probabilities], ...(crossed && { crossed: [...crossed] }) },
        files: Object.fromEntries([...files].map(([file, bytes]) => [file, hasher().update(bytes).hex()])),
      };
      // Last: without it the learner is not finished.
      await store.put(`${folder}/learned.json`, new TextEncoder().encode(JSON.stringify(written)));
    },
  };
}

function missing(file: string): never {
  throw unreadable(file, "is missing");
}
