import { log } from "../../base/elementary.js";
import {
  JsonValue,
  list,
  numbers,
  object,
  optional,
  parseJson,
  text,
  texts,
  type Decoder,
} from "../../base/json/index.js";
import {
  broken,
  floatEdge,
  foreignLimits,
  refused,
  tooManyCodes,
  type ForeignModel,
  type ForeignNode,
} from "./foreign.js";

const { features: mostFeatures, nodes: mostNodes, trees: mostTrees, codes: mostCodes } = foreignLimits;

/** Older files write false and true. */
const flags: Decoder<number[]> = (json) => {
  const { value } = json;
  return Array.isArray(value) && value.every((one) => typeof one === "boolean")
    ? value.map(Number)
    : numbers(mostNodes)(json);
};

const treeOf = object({
  left_children: numbers(mostNodes),
  right_children: numbers(mostNodes),
  split_indices: numbers(mostNodes),
  split_conditions: numbers(mostNodes),
  default_left: flags,
  split_type: optional(flags),
  categories: optional(numbers(mostCodes * 10)),
  categories_nodes: optional(numbers(mostNodes)),
  categories_segments: optional(numbers(mostNodes)),
  categories_sizes: optional(numbers(mostNodes)),
  tree_param: object({ size_leaf_vector: optional(text()) }),
});

const encoded = object({ offsets: optional(numbers(mostCodes)), values: optional(numbers(mostCodes)) });
const trees = object({
  trees: list(treeOf, mostTrees),
  tree_info: numbers(mostTrees),
  cats: optional(object({ enc: list(encoded, mostFeatures) })),
});
const booster = object({ name: text() });
const learner = object({
  feature_names: optional(texts(mostFeatures)),
  learner_model_param: object({ base_score: text(), num_class: text(), num_target: optional(text()) }),
  objective: object({ name: text() }),
});

type Tree = ReturnType<typeof treeOf>;
/** How many categories the sets of the trees to come may have. */
interface Room {
  codes: number;
}

/** The categories of each categorical split, by node. */
function codesOf(tree: Tree, json: JsonValue, room: Room): Map<number, number[]> {
  const {
    categories = [],
    categories_nodes: nodes = [],
    categories_segments: segments = [],
    categories_sizes: sizes = [],
  } = tree;
  // Segments may overlap, so a small file could have sets without end.
  room.codes -= sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  if (room.codes < 0) throw tooManyCodes();
  return new Map(
    nodes.map((node, i) => {
      const [from = -1, size = -1] = [segments[i], sizes[i]];
      if (!(from >= 0 && size >= 0 && from + size <= categories.length))
        throw json.get("categories_segments").not("places in the categories");
      return [node, categories.slice(from, from + size)];
    }),
  );
}

function nodesOf(tree: Tree, json: JsonValue, weight: number, room: Room): ForeignNode[] {
  const { left_children: lefts, right_children: rights, split_indices: splits, split_conditions: conditions } = tree;
  for (const name of ["right_children", "split_indices", "split_conditions", "default_left"] as const)
    if (tree[name].length !== lefts.length) throw json.get(name).not(`a list of ${lefts.length}, one for each node,`);
  if (!["0", "1"].includes(tree.tree_param.size_leaf_vector ?? "1"))
    throw refused("has several outputs", "churnkit scores one class against the other: train a binary model.");
  const codes = codesOf(tree, json, room);
  return lefts.map((left, node) => {
    const condition = conditions[node] as number;
    if (left === -1) return { leaf: weight * Math.fround(condition) };
    const categorical = tree.split_type?.[node] === 1;
    return {
      feature: splits[node] as number,
      // XGBoost sends float32 numbers below the condition left, and categories that are not listed.
      ...(categorical ? { codes: codes.get(node) ?? [] } : { edge: floatEdge(condition) }),
      missingRight: tree.default_left[node] === 0,
      left,
      right: rights[node] as number,
    };
  });
}

/** Labels of the codes of pandas categories. */
function labelsOf(enc: readonly ReturnType<typeof encoded>[]): Map<number, string[]> {
  return new Map(
    enc.flatMap(({ offsets, values = [] }, feature) => {
      // Categories that are numbers are listed as they are.
      if (!offsets) return values.length > 0 ? [[feature, values.map(String)] as const] : [];
      if (offsets.length < 2) return [];
      // XGBoost 3.2 counts characters for bytes, and cuts what is not ASCII.
      if (values.some((value) => value < 0 || value > 127))
        throw refused(
          "has labels of categories that are not ASCII, which XGBoost cuts",
          "Rename them, and train it again.",
        );
      const all = String.fromCharCode(...values.slice(0, offsets.at(-1)));
      return [[feature, offsets.slice(1).map((end, i) => all.slice(offsets[i], end))] as const];
    }),
  );
}

/** The log odds that a base score stands for: a text such as "5E-1", or since version 3 "[5E-1]". */
function biasOf(score: string): number {
  const p = Math.fround(Number(score.replace(/^\[|\]$/g, "")));
  if (!(p > 0 && p < 1))
    throw refused(`has the base score ${score.slice(0, 40)}`, "It must be one number above 0 and below 1.");
  return log(p / (1 - p));
}

/** Reads a model that XGBoost saved as JSON, even an untrusted one. */
export function readXgboost(source: string, name: string): ForeignModel {
  let parsed: unknown;
  try {
    parsed = parseJson(source);
  } catch {
    throw broken(name, "is not valid JSON");
  }
  const root = JsonValue.of(parsed, name, broken).get("learner");
  const { feature_names: names = [], learner_model_param: parameters, objective } = learner(root);
  if (objective.name !== "binary:logistic")
    throw refused(`has the objective ${objective.name.slice(0, 40)}`, "churnkit imports models of binary:logistic.");
  if (Number(parameters.num_class) > 1 || Number(parameters.num_target ?? 1) > 1)
    throw refused(
      "has several classes or targets",
      "churnkit scores one class against the other: train a binary model.",
    );
  const gradient = root.get("gradient_booster");
  const kind = booster(gradient).name;
  if (kind !== "gbtree" && kind !== "dart")
    throw refused(`is a ${kind.slice(0, 40)}`, "churnkit imports trees: the boosters gbtree and dart.");
  const weights = kind === "dart" ? numbers(mostTrees)(gradient.get("weight_drop")) : undefined;
  const model = (kind === "dart" ? gradient.get("gbtree") : gradient).get("model");
  const { trees: all, tree_info: groups, cats } = trees(model);
  if (groups.some((group) => group !== 0))
    throw refused("has several classes", "churnkit scores one class against the other: train a binary model.");
  if (weights && weights.length !== all.length)
    throw gradient.get("weight_drop").not(`a list of ${all.length} weights`);
  const room = { codes: foreignLimits.sets };
  return {
    maker: "XGBoost",
    features: names,
    labels: labelsOf(cats?.enc ?? []),
    bias: biasOf(parameters.base_score),
    trees: all.map((tree, i) => nodesOf(tree, model.get("trees").item(i), weights?.[i] ?? 1, room)),
  };
}
