import { compileRecipe } from "../../data/features/index.js";
import { utf8Text } from "../../base/json/index.js";
import { profileTable } from "../../data/profile/index.js";
import { hashTable, type Table } from "../../data/table/index.js";
import { loadKernel } from "../kinds/network/kernel.js";
import { treesScorer } from "../kinds/trees/score.js";
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
  const probabilities = new Float64Array(rows.rows);
  treesScorer(trees, await loadKernel()).score(compileRecipe(recipe, contract).encode(rows), rows.rows, probabilities);
  const { artifact, evaluation } = await assemble({
    contract,
    recipe,
    model: trees,
    calibration: { kind: "identity" },
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
