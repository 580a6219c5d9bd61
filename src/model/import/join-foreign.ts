import { ChurnkitError } from "../../base/errors.js";
import { contractHash, type Column, type Contract } from "../../data/contract/index.js";
import type { Expression, Recipe } from "../../data/features/index.js";
import type { TreesModel } from "../artifact.js";
import { broken, foreignLimits, refused, type ForeignModel, type ForeignNode, type ForeignSplit } from "./foreign.js";

/** A matrix column, and the threshold of each split by it: of an edge, or 0 for a set. */
interface MatrixColumn {
  readonly index: number;
  readonly thresholdOf: (split: ForeignSplit) => number;
}

/** Edges that one `bucket` may have, and levels that one `isIn` may have. */
const mostItems = 1000;
/** Parts that one sum may have. */
const mostParts = 400;
/** Blocks and derived columns that a recipe may have, so that a bundle of it can be opened. */
const mostBlocks = 10_000;

const key = ({ feature, codes, missingRight }: ForeignSplit): string =>
  `${feature} ${missingRight ? "right" : "left"}${codes ? ` ${codes.join(",")}` : ""}`;

/** The sum of an expression for each part of a list. */
function sumOfParts<T>(items: readonly T[], of: (part: readonly T[]) => Expression): Expression {
  const parts = Array.from({ length: Math.ceil(items.length / mostItems) }, (_, i) =>
    of(items.slice(i * mostItems, (i + 1) * mostItems)),
  );
  if (parts.length > mostParts)
    throw refused(`compares one feature with ${items.length} values`, "Train it with fewer bins or categories.");
  return parts.length === 1 ? (parts[0] as Expression) : { op: "sum", args: parts };
}

/** How many edges are at or below a number. */
const countOfEdges = (input: Expression, all: readonly number[]): Expression =>
  sumOfParts(all, (edges) => ({ op: "bucket", args: [input], parameters: { edges } }));

/** Whether a category is one of some levels. */
const isOneOf = (input: Expression, all: readonly string[]): Expression =>
  sumOfParts(all, (levels) => ({ op: "isIn", args: [input], parameters: { levels } }));

/** Collects what the splits compare, as derived columns and encoded ones. */
class SplitRecipe {
  readonly derived: { readonly name: string; readonly expression: Expression }[] = [];
  readonly blocks: Recipe["blocks"][number][] = [];
  readonly #columns = new Map<string, MatrixColumn>();
  readonly #counts = new Map<number, { readonly name: string; readonly edges: readonly number[] }>();
  readonly #model: ForeignModel;
  readonly #contract: Contract;

  constructor(model: ForeignModel, contract: Contract) {
    this.#model = model;
    this.#contract = contract;
    const edges = new Map<number, Set<number>>();
    for (const tree of model.trees) {
      for (const node of tree) {
        if ("leaf" in node || node.edge === undefined || !Number.isFinite(node.edge)) continue;
        const own = edges.get(node.feature) ?? new Set<number>();
        edges.set(node.feature, own.add(node.edge));
      }
    }
    for (const [feature, own] of [...edges].sort(([a], [b]) => a - b)) {
      const { name, kind } = this.#source(feature);
      if (kind !== "number" && kind !== "boolean")
        throw this.#unfit(name, `the model compares it as a number, and in the contract it is a ${kind}`);
      const sorted = [...own].sort((a, b) => a - b);
      const column = this.#derive(`${name} (splits)`, countOfEdges({ op: "column", name }, sorted));
      this.#counts.set(feature, { name: column, edges: sorted });
    }
  }

  /** The matrix column of a split. */
  columnOf(split: ForeignSplit): MatrixColumn {
    const known = this.#columns.get(key(split));
    if (known) return known;
    const made = split.codes ? this.#set(split, split.codes) : this.#number(split);
    this.#columns.set(key(split), made);
    if (Math.max(this.blocks.length, this.derived.length) > mostBlocks)
      throw refused(
        `splits by more than ${mostBlocks} different sets of categories`,
        "Train it with fewer trees or categories.",
      );
    return made;
  }

  /** A number becomes the count of edges below it, which a float32 holds exactly, and missing an end of the scale. */
  #number({ feature, missingRight }: ForeignSplit): MatrixColumn {
    const { name, edges } = this.#counts.get(feature) as { name: string; edges: readonly number[] };
    const [center, scale] = [edges.length / 2, 16 / edges.length];
    const places = new Map(edges.map((edge, place) => [edge, place]));
    return {
      index: this.#encode(name, missingRight ? edges.length : 0, center, scale),
      thresholdOf: ({ edge = NaN }) => Math.fround(((places.get(edge) ?? NaN) - center) * scale),
    };
  }

  #set({ feature, missingRight }: ForeignSplit, codes: readonly number[]): MatrixColumn {
    const source = this.#source(feature);
    if (source.kind !== "category")
      throw this.#unfit(source.name, `the model splits it by categories, and in the contract it is a ${source.kind}`);
    const labels = this.#model.labels.get(feature) ?? source.levels;
    const levels = new Set(source.levels);
    const chosen = [...new Set(codes.flatMap((code) => labels[code] ?? []))].filter((label) => levels.has(label));
    if (chosen.length === 0)
      throw this.#unfit(source.name, `the contract has none of the levels of codes ${codes.slice(0, 10).join(", ")}`);
    const input = { op: "column", name: source.name } as const;
    const column = this.#derive(`${source.name} (set)`, isOneOf(input, chosen));
    return { index: this.#encode(column, missingRight ? 1 : 0, 0.5, 1), thresholdOf: () => 0 };
  }

  #encode(input: string, impute: number, center: number, scale: number): number {
    const plain = { indicator: false, transform: "identity", knots: [], scores: [] } as const;
    return this.blocks.push({ kind: "numeric", input, impute, center, scale, ...plain }) - 1;
  }

  #derive(wanted: string, expression: Expression): string {
    const taken = new Set([...this.#contract.columns, ...this.derived].map(({ name }) => name));
    let name = wanted;
    for (let copy = 2; taken.has(name); copy++) name = `${wanted} #${copy}`;
    this.derived.push({ name, expression });
    return name;
  }

  /** The contract's column of a feature. LightGBM writes spaces in names as underscores. */
  #source(feature: number): Column {
    const wanted = this.#model.features[feature];
    if (wanted === undefined)
      throw refused(`has no name for feature ${feature}`, "Train it on data with column names, such as a data frame.");
    const { columns, name } = this.#contract;
    const found =
      columns.find((one) => one.name === wanted) ?? columns.find((one) => one.name.replace(/\s/g, "_") === wanted);
    if (found?.role === "feature") return found;
    throw this.#unfit(wanted, `the contract "${name}" has no such feature`);
  }

  #unfit(column: string, why: string): ChurnkitError {
    return new ChurnkitError(
      "CONTRACT_MISMATCH",
      `The model's feature "${column.slice(0, 80)}" does not fit: ${why}. Give a contract of the columns that the model was trained on.`,
      { where: { column } },
    );
  }
}

/** Puts a tree's nodes into preorder, and checks that they are a tree. */
function preorder(
  nodes: readonly ForeignNode[],
  where: string,
  visit: (node: ForeignNode, parent: number) => number,
): void {
  const seen = new Uint8Array(nodes.length);
  const waiting: [node: number, parent: number][] = [[0, -1]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [place, parent] = next;
    const node = nodes[place];
    if (node === undefined || seen[place] === 1)
      throw broken(where, "is broken: its nodes are no tree", `node ${place}`);
    if (!Number.isFinite("leaf" in node ? Math.fround(node.leaf) : (node.edge ?? 0)))
      throw broken(where, "is broken: a number of it is too large", `node ${place}`);
    seen[place] = 1;
    const at = visit(node, parent);
    if (!("leaf" in node)) waiting.push([node.right, at], [node.left, -1]);
  }
}

/** Returns the same trees as churnkit has them, with the recipe that encodes a record for them. */
export function joinForeign(
  model: ForeignModel,
  contract: Contract,
  name: string,
): { readonly recipe: Recipe; readonly trees: TreesModel } {
  const total = model.trees.reduce((sum, tree) => sum + tree.length, 0);
  if (total > foreignLimits.nodes)
    throw refused(`has ${total} nodes`, `churnkit imports up to ${foreignLimits.nodes}.`);
  const splits = new SplitRecipe(model, contract);
  const [roots, features, values, right]: [number[], number[], number[], number[]] = [[], [], [], []];
  model.trees.forEach((nodes, tree) => {
    roots.push(features.length);
    preorder(nodes, `${name}, tree ${tree},`, (node, parent) => {
      const at = features.length;
      if (parent >= 0) right[parent] = at;
      const column = "leaf" in node ? undefined : splits.columnOf(node);
      features.push(column?.index ?? -1);
      values.push("leaf" in node ? node.leaf : (column?.thresholdOf(node) ?? NaN));
      right.push(0);
      return at;
    });
  });
  const { derived, blocks } = splits;
  if (blocks.length === 0) throw refused("has no splits", "It gives every customer the same score.");
  return {
    recipe: { format: 1, contractHash: contractHash(contract), derived, blocks },
    trees: {
      kind: "trees",
      inputs: blocks.length,
      link: "logistic",
      bias: model.bias,
      roots: Uint32Array.from(roots),
      features: Int32Array.from(features),
      values: Float32Array.from(values),
      right: Uint32Array.from(right),
    },
  };
}
