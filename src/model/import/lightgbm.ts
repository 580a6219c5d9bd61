import { parseJson } from "../../base/json/index.js";
import {
  broken,
  foreignLimits,
  nextUp,
  refused,
  tooManyCodes,
  type ForeignModel,
  type ForeignNode,
} from "./foreign.js";

/** The lines `key=value` of a section; a line without a value has an empty one. */
type Section = ReadonlyMap<string, string>;

function sectionOf(lines: string): Section {
  return new Map(
    lines.split("\n").flatMap((line): [string, string][] => {
      const at = line.indexOf("=");
      const key = at < 0 ? line.trim() : line.slice(0, at);
      return key === "" ? [] : [[key, at < 0 ? "" : line.slice(at + 1).trimEnd()]];
    }),
  );
}

/** Bits of a split's decision type. */
const categorical = 1;
const defaultLeft = 2;
const missingTypes = ["none", "zero", "NaN"] as const;

class TreeReader {
  private readonly read = new Map<string, number[]>();

  constructor(
    private readonly section: Section,
    private readonly name: string,
    private readonly tree: number,
    private readonly room: { codes: number },
  ) {}

  /** A list of finite numbers; of a certain length if that is given. */
  numbers(key: string, length?: number): number[] {
    const known = this.read.get(key);
    const text = this.section.get(key) ?? "";
    const values = known ?? (text === "" ? [] : text.trim().split(" ").map(Number));
    this.read.set(key, values);
    const finite = known !== undefined || values.every(Number.isFinite);
    if (finite && (length === undefined || values.length === length)) return values;
    throw broken(this.name, `is broken: ${key} must be ${length ?? "some"} finite numbers`, `Tree=${this.tree}`);
  }

  one(key: string): number {
    return this.numbers(key, 1)[0] as number;
  }

  /** The categories of a split: the bits of some words that are set. */
  codes(index: number): number[] {
    const [from = -1, to = -1] = this.numbers("cat_boundaries").slice(index, index + 2);
    const words = this.numbers("cat_threshold").slice(from, to);
    if (!(from >= 0 && to > from && words.length === to - from && 32 * words.length <= foreignLimits.codes))
      throw broken(this.name, "is broken: cat_boundaries must be places in cat_threshold", `Tree=${this.tree}`);
    const codes = words.flatMap((word, at) => {
      const set: number[] = [];
      for (let bit = 0; bit < 32; bit++) if (((word >>> bit) & 1) === 1) set.push(32 * at + bit);
      return set;
    });
    // Splits may name the same words, so a small file could have sets without end.
    this.room.codes -= codes.length;
    if (this.room.codes < 0) throw tooManyCodes();
    return codes;
  }
}

function splitOf(
  reader: TreeReader,
  feature: number,
  threshold: number,
  type: number,
  [left, right]: readonly [number, number],
) {
  // In the set goes left, all others and missing ones right: here the other way round.
  if ((type & categorical) !== 0)
    return { feature, codes: reader.codes(threshold), missingRight: false, left: right, right: left };
  const missing = missingTypes[(type >> 2) & 3];
  if (missing === "zero") throw refused("takes zeros for missing", "Train it with zero_as_missing=false.");
  // Where training had none missing, LightGBM takes a missing number for 0.
  const goesLeft = missing === "none" ? 0 <= threshold : (type & defaultLeft) !== 0;
  return { feature, edge: nextUp(threshold), missingRight: !goesLeft, left, right };
}

function nodesOf(reader: TreeReader, scale: number): ForeignNode[] {
  const leaves = reader.one("num_leaves");
  const splits = leaves - 1;
  if (!(splits >= 0 && splits < foreignLimits.nodes)) reader.numbers("num_leaves", 0);
  const values = reader.numbers("leaf_value", leaves).map((leaf) => ({ leaf: scale * leaf }));
  if (splits === 0) return values;
  const [features, thresholds, types] = [
    reader.numbers("split_feature", splits),
    reader.numbers("threshold", splits),
    reader.numbers("decision_type", splits),
  ];
  const placed = (child: number): number => (child >= 0 ? child : splits - child - 1);
  const lefts = reader.numbers("left_child", splits).map(placed);
  const rights = reader.numbers("right_child", splits).map(placed);
  return [
    ...features.map((feature, node) =>
      splitOf(reader, feature, thresholds[node] as number, types[node] as number, [
        lefts[node] as number,
        rights[node] as number,
      ]),
    ),
    ...values,
  ];
}

/** Labels of the codes of pandas categories: a list for each categorical column, in the order of the columns. */
function labelsOf(source: string, infos: readonly string[], name: string): Map<number, string[]> {
  const line = /^pandas_categorical:(\[.*\])$/m.exec(source)?.[1];
  if (line === undefined) return new Map();
  let lists: unknown;
  try {
    lists = parseJson(line);
  } catch {
    throw broken(name, "is broken: pandas_categorical is not valid JSON");
  }
  // A number's values are an interval; one that was never used has none.
  const features = [...infos.keys()].filter((feature) => !/^\[|^none$/.test(infos[feature] ?? ""));
  if (!Array.isArray(lists) || lists.length === 0) return new Map();
  if (lists.length !== features.length)
    throw refused(
      `has the categories of ${lists.length} columns and uses ${features.length}`,
      "Leave out categories of one value, and train it again.",
    );
  return new Map(features.map((feature, i) => [feature, [lists[i]].flat().map(String)]));
}

/** Reads a model that LightGBM saved as text, even an untrusted one. */
export function readLightgbm(source: string, name: string): ForeignModel {
  const end = source.indexOf("\nend of trees");
  if (end < 0) throw broken(name, "is cut short: it has no end of trees");
  const [header = "", ...sections] = source.slice(0, end).split(/\nTree=\d+\r?\n/, foreignLimits.trees + 2);
  if (sections.length > foreignLimits.trees)
    throw refused(`has more than ${foreignLimits.trees} trees`, "churnkit cannot score so many in time.");
  const facts = sectionOf(header);
  const objective = facts.get("objective") ?? "";
  const sigmoid = Number(/^binary sigmoid:([0-9.eE+-]+)$/.exec(objective)?.[1]);
  if (!(sigmoid > 0 && sigmoid < Infinity) || facts.get("num_tree_per_iteration") !== "1")
    throw refused(`has the objective ${objective.slice(0, 40)}`, "churnkit imports models of the objective binary.");
  const room = { codes: foreignLimits.sets };
  const scale = facts.has("average_output") ? sigmoid / sections.length : sigmoid;
  return {
    maker: "LightGBM",
    features: (facts.get("feature_names") ?? "").split(" "),
    labels: labelsOf(source.slice(end), (facts.get("feature_infos") ?? "").split(" "), name),
    bias: 0,
    trees: sections.map((section, tree) => {
      const facts = sectionOf(section);
      if ((facts.get("is_linear") ?? "0") !== "0")
        throw refused("has linear models in its leaves", "Train it with linear_tree=false.");
      return nodesOf(new TreeReader(facts, name, tree, room), scale);
    }),
  };
}
