import { ChurnkitError } from "../../base/errors.js";
import type { Column } from "../../data/contract/index.js";
import {
  blockKindOf,
  compileRecipe,
  LevelIndex,
  operators,
  type Expression,
  type Operator,
} from "../../data/features/index.js";
import { plainModel } from "../../model/scoring/index.js";
import type { Exported } from "../exported.js";
import { binaryAnswer, classesAnswer, type AnswerNodes } from "./answer.js";
import { blockNodes } from "./blocks.js";
import { readColumn, type ReadColumn } from "./columns.js";
import { calibratedNode, classNodes, probabilityNode } from "./model.js";
import { nothing, or, where, type NumberNode } from "./node.js";
import { callNode, type InputNode } from "./operators.js";

/** A model's whole way from a row's columns to its answer, in operators that databases and ONNX have. */
export interface ScoreGraph extends AnswerNodes {
  /** The columns that are read. */
  readonly columns: readonly Column[];
}

/** The inputs of a recipe's blocks, each made once; the order is the encoder's, since it decides the codes of labels. */
class InputNodes {
  readonly #known = new Map<string, InputNode>();
  readonly read = new Map<string, { readonly column: Column; readonly read: ReadColumn }>();

  constructor(
    private readonly contract: Exported["contract"],
    private readonly booleans: "texts" | "numbers",
  ) {}

  of(expression: Expression): InputNode {
    const key = JSON.stringify(expression);
    const known = this.#known.get(key) ?? this.#make(expression);
    this.#known.set(key, known);
    return known;
  }

  #make(expression: Expression): InputNode {
    if (expression.op === "column") return this.#column(expression.name);
    const args = expression.args.map((arg) => this.of(arg));
    const operator: Operator = operators[expression.op];
    const levels = args.map((arg) => arg.levels);
    const own = operator.labels && new LevelIndex(operator.labels(levels));
    // Adds the labels that its parameters name.
    operator.prepare(expression.parameters ?? {}, levels);
    return { value: callNode(expression, args), levels: own };
  }

  #column(name: string): InputNode {
    const column = this.contract.columns.find((each) => each.name === name);
    if (column === undefined) return { value: nothing, levels: undefined };
    const levels = new LevelIndex(column.kind === "category" ? column.levels : []);
    const read = readColumn(column, levels, this.booleans);
    this.read.set(name, { column, read });
    return { value: read.value, levels: column.kind === "category" ? levels : undefined };
  }
}

/**
 * Puts an artifact into a graph.
 *
 * @param booleans what a column of booleans holds: texts, or the numbers 1 and 0.
 * @throws ChurnkitError CONTRACT_MISMATCH when contract, recipe and model don't fit together, OPTION_INVALID for a text.
 */
export function graphOf(artifact: Exported, booleans: "texts" | "numbers"): ScoreGraph {
  const { contract, recipe, calibration, decision } = artifact;
  const { target } = contract;
  if (target === undefined)
    throw new ChurnkitError("CONTRACT_MISMATCH", "The contract has no target, so its scores would have no meaning.");
  const { width } = compileRecipe(recipe, contract);
  const derived = new Map(recipe.derived.map(({ name, expression }) => [name, expression]));
  const inputs = new InputNodes(contract, booleans);
  const features = recipe.blocks.flatMap((block) => {
    const input = inputs.of(derived.get(block.input) ?? { op: "column", name: block.input });
    // Adds the labels that the block names.
    blockKindOf(block).writer(block, input.levels ?? new LevelIndex([]), { texts: [] });
    return blockNodes(block, input);
  });
  // A feature that the model does not use must keep the contract as well.
  for (const { name, role } of contract.columns) if (role === "feature") inputs.of({ op: "column", name });
  const read = [...inputs.read.values()];
  const feature = (place: number): NumberNode => features[place] ?? nothing;
  const isRefused = or(...read.map((each) => each.read.refused));
  const model = plainModel(artifact.model);
  const raw = model.kind === "classes" ? classNodes(model, width, feature) : [];
  const positive = model.kind === "classes" ? raw[model.positive] : probabilityNode(model, width, feature);
  const probability = where(isRefused, nothing, calibratedNode(calibration, positive ?? nothing));
  const { threshold } = decision;
  return {
    columns: read.map(({ column }) => column),
    ...(model.kind === "classes"
      ? classesAnswer(probability, raw, target, threshold)
      : binaryAnswer(probability, target, threshold)),
  };
}
