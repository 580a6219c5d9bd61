import { utf8Text } from "../../base/json/index.js";
import { profileTable } from "../../data/profile/index.js";
import { hashTable, type Table } from "../../data/table/index.js";
import { assemble } from "../training/assemble.js";
import { chooseThreshold, type ThresholdRule } from "../training/threshold.js";
import type { TrainedModel } from "../training/train.js";
import { compile } from "../scoring/compile.js";
import { broken, foreignLimits, refused } from "./foreign.js";
import { kindOfFile } from "./import-trees.js";
import { joinForeign } from "./join-foreign.js";
import { readLightgbm } from "./lightgbm.js";
import { readXgboost } from "./xgboost.js";

/** Implements `importTrees`. */
export async function importModel<Row>(
  bytes: Uint8Array,
  rows: Table<Row>,
  classes: Uint8Array,
  { threshold = { rule: "f1" }, name = "model" }: { readonly threshold?: ThresholdRule; readonly name?: string },
): Promise<Pick<TrainedModel<Row>, "artifact" | "scorer" | "heldOut">> {
  if (bytes.length > foreignLimits.characters)
    throw refused(`has ${bytes.length} bytes`, `churnkit imports up to ${foreignLimits.characters}.`);
  const read = kindOfFile(bytes) === "xgboost" ? readXgboost : readLightgbm;
  const foreign = read(utf8Text(bytes, name, broken), name);
  const { contract } = rows;
  const { recipe, trees } = joinForeign(foreign, contract, name);
  const taken = { contract, recipe, model: trees, calibration: { kind: "identity" } } as const;
  // The threshold is chosen by the scores, which do not depend on one.
  const draft = await compile({ ...taken, decision: { threshold: 0.5, rule: "given" } });
  const probabilities = draft.score(rows);
  const { artifact, evaluation } = await assemble({
    ...taken,
    decision: chooseThreshold(classes, probabilities, threshold),
    labels: classes,
    probabilities,
    baseline: profileTable(rows, { cutPoints: 256 }),
    provenance: {
      learner: foreign.maker,
      seed: 0,
      dataHash: await hashTable(rows),
      rows: { train: 0, validation: rows.rows },
      parameters: { importedFrom: name, trees: foreign.trees.length },
    },
  });
  return { artifact, scorer: await compile(artifact), heldOut: evaluation };
}
