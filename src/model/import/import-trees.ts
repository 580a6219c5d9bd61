import type { Table } from "../../data/table/index.js";
import { labels } from "../../data/table/index.js";
import type { ThresholdRule } from "../training/threshold.js";
import type { TrainedModel } from "../training/train.js";
import { refused } from "./foreign.js";

/**
 * Takes over a model that XGBoost saved as JSON (`save_model("model.json")`) or LightGBM as text
 * (`save_model("model.txt")`): binary trees, with missing values, categories and dart. Its probabilities stay as they
 * are, to 1e-6; the rows choose the threshold and give metrics and profile.
 *
 * @param bytes the file.
 * @param rows labeled rows that the model was not trained on. The features' names are those of their contract.
 * @throws ChurnkitError OPTION_INVALID for a file that is broken or another kind of model, CONTRACT_MISMATCH for
 * features that the contract does not have.
 * @example
 * ```ts
 * import { contractOf, tableFromRecords } from "churnkit/data";
 * import { importTrees } from "churnkit/model";
 * import { z } from "zod";
 *
 * const schema = z.object({ tenure: z.number(), churn: z.enum(["No", "Yes"]) });
 * const contract = contractOf(schema, { target: "churn", positive: "Yes" });
 * const rows = tableFromRecords(contract, [{ tenure: 2, churn: "Yes" }, { tenure: 40, churn: "No" }]);
 * const tree = ["num_leaves=2", "num_cat=0", "split_feature=0", "threshold=12", "decision_type=2", "left_child=-1",
 *   "right_child=-2", "leaf_value=1 -1"];
 * const model = ["tree", "num_tree_per_iteration=1", "objective=binary sigmoid:1", "feature_names=tenure", "", "Tree=0",
 *   ...tree, "", "end of trees", ""].join("\n");
 * const { scorer } = await importTrees(new TextEncoder().encode(model), rows);
 * console.assert((scorer.scoreRecord({ tenure: 3 }).probability ?? 0) > 0.7);
 * ```
 */
export async function importTrees<Row>(
  bytes: Uint8Array,
  rows: Table<Row>,
  options: { readonly threshold?: ThresholdRule; readonly name?: string } = {},
): Promise<Pick<TrainedModel<Row>, "artifact" | "scorer" | "heldOut">> {
  const { importModel } = await import("./import-model.js");
  return importModel(bytes, rows, labels(rows), options);
}

/** Kinds of files, by their beginning. */
export function kindOfFile(bytes: Uint8Array): "xgboost" | "lightgbm" {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (/^\s*\{\s*"/.test(head)) return "xgboost";
  if (/^tree\r?\n/.test(head)) return "lightgbm";
  if (head.startsWith("{")) throw refused("is UBJSON", 'Save it as JSON: save_model("model.json").');
  throw refused(
    "is neither XGBoost's JSON nor LightGBM's text",
    'Save it with XGBoost\'s save_model("model.json") or LightGBM\'s save_model("model.txt"), not as a pickle.',
  );
}
