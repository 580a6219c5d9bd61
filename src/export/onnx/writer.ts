import { constant, type Condition, type NumberNode, type TextNode } from "../graph/node.js";
import { roundedKernel } from "../rounded-kernel.js";
import type { ModelProto } from "./model-proto.js";
import { treeAttributes } from "./trees.js";

const names = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
  floor: "Floor",
  abs: "Abs",
  sqrt: "Sqrt",
  exp: "Exp",
  log: "Log",
  sine: "Sin",
  less: "Less",
  atMost: "LessOrEqual",
  equal: "Equal",
} as const;

const toFloat = { to: { int: 1 } } as const;
const toInt64 = { to: { int: 7 } } as const;
const toBoolean = { to: { int: 9 } } as const;
const toDouble = { to: { int: 11 } } as const;

/** Writes nodes as operators of ONNX on columns of float64; NaN is missing. */
export class OnnxWriter {
  readonly #numbers = new Map<NumberNode, string>();
  readonly #conditions = new Map<Condition, string>();
  readonly #constants = new Map<number, string>();
  /** The shape of a column. */
  readonly #shape: string;

  /**
   * @param someInput the name of an input; those of columns have the columns' names.
   * @param int8 whether the networks' kernels are rounded to 8 bits.
   */
  constructor(
    private readonly proto: ModelProto,
    someInput: string,
    private readonly int8: boolean,
  ) {
    this.#shape = proto.node("Shape", [someInput]);
  }

  /** A column with a value for each row: a constant has one row, whatever the others have. */
  column(name: string): string {
    return this.proto.node("Expand", [name, this.#shape]);
  }

  /** Adds what a number needs; returns the name of the tensor that holds it. */
  number(node: NumberNode): string {
    const known = this.#numbers.get(node);
    if (known !== undefined) return known;
    const name = this.#number(node);
    this.#numbers.set(node, name);
    return name;
  }

  /** Adds what a condition needs; returns the name of its tensor of booleans. */
  condition(condition: Condition): string {
    const known = this.#conditions.get(condition);
    if (known !== undefined) return known;
    const name = this.#condition(condition);
    this.#conditions.set(condition, name);
    return name;
  }

  #constant(value: number): string {
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const name = this.proto.tensor("double", [1, 1], [value]);
    this.#constants.set(value, name);
    return name;
  }

  #number(node: NumberNode): string {
    const { proto } = this;
    switch (node.op) {
      case "constant":
        return this.#constant(node.value);
      case "nothing":
        return this.#constant(NaN);
      case "column":
        return node.column.name;
      case "code":
        return this.#constant(node.levels.codeOf(node.label));
      case "add":
      case "subtract":
      case "multiply":
      case "divide":
      case "floor":
      case "abs":
      case "sqrt":
      case "exp":
      case "log":
      case "sine":
        return proto.node(
          names[node.op],
          node.args.map((arg) => this.number(arg)),
        );
      case "sum":
        return node.args.length === 0
          ? this.#constant(0)
          : proto.node(
              "Sum",
              node.args.map((arg) => this.number(arg)),
            );
      case "single":
        return proto.node("Cast", [proto.node("Cast", [this.number(node.args[0])], toFloat)], toDouble);
      case "real":
        return this.number(node.args[0]);
      case "where": {
        const [then, otherwise] = node.args;
        return proto.node("Where", [this.condition(node.condition), this.number(then), this.number(otherwise)]);
      }
      case "lookup": {
        const entries = [...node.entries()];
        const values = entries.map(([, value]) => value);
        return this.#encoded(
          node.text,
          entries.map(([text]) => text),
          values,
          node.otherwise,
        );
      }
      case "table": {
        const values = [...node.values(), node.otherwise];
        const index = this.number(node.args[0]);
        // A missing index and -1 are at the end.
        const known = proto.node("GreaterOrEqual", [index, this.#constant(0)]);
        const place = proto.node("Where", [known, index, this.#constant(values.length - 1)]);
        const table = proto.tensor("double", [values.length], values);
        return proto.node("Gather", [table, proto.node("Cast", [place], toInt64)]);
      }
      case "trees":
        return this.#trees(node);
      case "network":
        return this.#network(node);
    }
  }

  /** The numbers of texts, small whole ones. */
  #encoded(text: TextNode, texts: readonly string[], values: readonly number[], otherwise: number): string {
    const found = this.proto.node(
      "LabelEncoder",
      [text.column.name],
      { keys_strings: { texts }, values_floats: { floats: values }, default_float: { float: otherwise } },
      "ai.onnx.ml",
    );
    return this.proto.node("Cast", [found], toDouble);
  }

  #isOneOf(text: TextNode, texts: readonly string[]): string {
    const distinct = [...new Set(texts)];
    return this.proto.node(
      "Cast",
      [
        this.#encoded(
          text,
          distinct,
          distinct.map(() => 1),
          0,
        ),
      ],
      toBoolean,
    );
  }

  #condition(condition: Condition): string {
    const { proto } = this;
    switch (condition.op) {
      case "less":
      case "atMost":
      case "equal":
        return proto.node(
          names[condition.op],
          condition.args.map((arg) => this.number(arg)),
        );
      case "and":
      case "or": {
        const [first, ...rest] = condition.args.map((arg) => this.condition(arg));
        if (first === undefined) return proto.node("Cast", [this.#constant(condition.op === "and" ? 1 : 0)], toBoolean);
        return rest.reduce((soFar, next) => proto.node(condition.op === "and" ? "And" : "Or", [soFar, next]), first);
      }
      case "not":
        return proto.node("Not", [this.condition(condition.args[0])]);
      case "missing":
        return condition.of.kind === "text"
          ? this.#isOneOf(condition.of, [""])
          : proto.node("IsNaN", [this.number(condition.of)]);
      case "finite":
        return proto.node("LessOrEqual", [
          proto.node("Abs", [this.number(condition.of)]),
          this.#constant(Number.MAX_VALUE),
        ]);
      case "isOneOf":
        return this.#isOneOf(condition.text, condition.texts);
    }
  }

  /** Numbers side by side. */
  matrix(columns: readonly NumberNode[]): string {
    const whole = columns.map((column) => this.column(this.number(column)));
    return this.proto.node("Concat", whole, { axis: { int: 1 } });
  }

  #floats(columns: readonly NumberNode[]): string {
    return this.proto.node("Cast", [this.matrix(columns)], toFloat);
  }

  #trees({ model, features }: Extract<NumberNode, { readonly op: "trees" }>): string {
    const { proto } = this;
    const places = [...features.keys()];
    const x = this.#floats(places.length === 0 ? [constant(0)] : [...features.values()]);
    const attributes = treeAttributes(model, new Map(places.map((place, i) => [place, i])));
    const leaves = proto.node("TreeEnsembleRegressor", [x], attributes, "ai.onnx.ml");
    return proto.node("Add", [this.#constant(model.bias), proto.node("Cast", [leaves], toDouble)]);
  }

  #network({ layers, args }: Extract<NumberNode, { readonly op: "network" }>): string {
    const { proto } = this;
    let values = this.#floats(args);
    layers.forEach(({ kernel, bias }, i) => {
      const units = bias.length;
      const sums = proto.node("Gemm", [values, this.#kernel(kernel, units), proto.tensor("float", [units], bias)]);
      values = i === layers.length - 1 ? sums : proto.node("Relu", [sums]);
    });
    return proto.node("Cast", [values], toDouble);
  }

  #kernel(kernel: Float32Array, units: number): string {
    const { proto } = this;
    const shape = [kernel.length / units, units];
    if (!this.int8) return proto.tensor("float", shape, kernel);
    const { whole, scales } = roundedKernel(kernel, units);
    const weights = proto.tensor("int8", shape, whole);
    return proto.node("DequantizeLinear", [weights, proto.tensor("float", [units], scales)], { axis: { int: 1 } });
  }
}
