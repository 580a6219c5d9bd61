import { constant, sum, type Condition, type NumberNode, type TextNode } from "../graph/node.js";
import { childrenOf } from "../graph/children.js";
import { doubleText, quotedText, singleText, thresholdText } from "./literals.js";

/** Terms of one sum: a longer one is added up in steps, since databases limit how deep an expression is. */
const mostTerms = 100;

const functions = { floor: "FLOOR", abs: "ABS", sqrt: "SQRT", exp: "EXP", log: "LN", sine: "SIN" } as const;
const signs = { add: "+", subtract: "-", multiply: "*", divide: "/" } as const;
const comparisons = { less: "<", atMost: "<=", equal: "=" } as const;
const missingNumber = "CAST(NULL AS DOUBLE)";
const greatest = doubleText(Number.MAX_VALUE);

/** Writes nodes as expressions. What is used more than once becomes a column of a step of its own. */
export class SqlWriter {
  readonly #uses = new Map<NumberNode, number>();
  readonly #split = new Map<NumberNode, NumberNode>();
  readonly #written = new Map<NumberNode, { readonly text: string; readonly step: number }>();
  readonly #steps: string[][] = [];
  #names = 0;

  /** @param nameOf the name of a column that is read. */
  constructor(private readonly nameOf: (column: string) => string) {}

  /** Each step's columns, as `expression AS name`. */
  get steps(): readonly (readonly string[])[] {
    return this.#steps;
  }

  /** Makes a column of a node and of all that it needs; returns its name. */
  write(root: NumberNode): string {
    // As if it were used twice.
    this.#count(root);
    this.#count(root);
    return this.#of(root);
  }

  #count(given: NumberNode): void {
    const node = this.#inSteps(given);
    const before = this.#uses.get(node) ?? 0;
    this.#uses.set(node, before + 1);
    if (before > 0) return;
    for (const child of childrenOf(node)) this.#count(child);
    // Its text has it twice.
    if (node.op === "real") this.#count(node.args[0]);
  }

  /** Splits what would be too long for one expression. */
  #inSteps(node: NumberNode): NumberNode {
    if (node.op !== "sum" && node.op !== "trees") return node;
    const known = this.#split.get(node);
    if (known !== undefined) return known;
    const terms = node.op === "sum" ? node.args : treesOf(node);
    let total = sum(terms.slice(0, mostTerms));
    for (let i = mostTerms; i < terms.length; i += mostTerms) {
      this.#count(total);
      total = sum([total, ...terms.slice(i, i + mostTerms)]);
      this.#split.set(total, total);
    }
    this.#split.set(node, total);
    return total;
  }

  /** The node's text in the step that the caller is in: an expression, or the name of its column. */
  #of(given: NumberNode): string {
    return this.#place(given).text;
  }

  #place(given: NumberNode): { readonly text: string; readonly step: number } {
    const node = this.#inSteps(given);
    const known = this.#written.get(node);
    if (known !== undefined) return known;
    const step = Math.max(0, ...[...new Set(childrenOf(node))].map((child) => this.#place(child).step));
    const text = this.#expression(node);
    const isNamed = (this.#uses.get(node) ?? 0) > 1 && !isShort(node);
    const placed = isNamed ? { text: `v${this.#names++}`, step: step + 1 } : { text, step };
    if (isNamed) (this.#steps[step] ??= []).push(`${text} AS ${placed.text}`);
    this.#written.set(node, placed);
    return placed;
  }

  #expression(node: NumberNode): string {
    switch (node.op) {
      case "constant":
        return doubleText(node.value);
      case "nothing":
        return missingNumber;
      case "column":
        return this.nameOf(node.column.name);
      case "code":
        return doubleText(node.levels.codeOf(node.label));
      case "add":
      case "subtract":
      case "multiply":
      case "divide":
        return `(${node.args.map((arg) => this.#of(arg)).join(` ${signs[node.op]} `)})`;
      case "sum":
        return node.args.length === 0 ? doubleText(0) : `(${node.args.map((arg) => this.#of(arg)).join(" + ")})`;
      case "single":
        return `CAST(CAST(${this.#of(node.args[0])} AS REAL) AS DOUBLE)`;
      case "real": {
        const x = this.#of(node.args[0]);
        return `CASE WHEN ${x} BETWEEN CAST('-Infinity' AS DOUBLE) AND CAST('Infinity' AS DOUBLE) THEN ${x} END`;
      }
      case "floor":
      case "abs":
      case "sqrt":
      case "exp":
      case "log":
      case "sine":
        return `${functions[node.op]}(${this.#of(node.args[0])})`;
      case "where":
        return this.#cases(node);
      case "lookup": {
        const entries = [...node.entries()].map(([text, value]) => [quotedText(text), value] as const);
        return this.#chosen(this.#textOf(node.text), entries, node.otherwise);
      }
      case "table": {
        const entries = node.values().map((value, i) => [doubleText(i), value] as const);
        return this.#chosen(this.#of(node.args[0]), entries, node.otherwise);
      }
      case "tree":
        return `CAST(CAST(${this.#tree(node, node.root)} AS REAL) AS DOUBLE)`;
      case "trees":
      case "network":
        throw new Error(`SQL has no ${node.op}.`);
    }
  }

  /** Conditions one after the other, as far as nobody else needs the rest. */
  #cases(node: NumberNode): string {
    let [text, rest] = ["CASE", node];
    do {
      if (rest.op !== "where") break;
      text += ` WHEN ${this.#condition(rest.condition)} THEN ${this.#of(rest.args[0])}`;
      rest = rest.args[1];
    } while (rest.op === "where" && !this.#isNamed(rest));
    return rest.op === "nothing" ? `${text} END` : `${text} ELSE ${this.#of(rest)} END`;
  }

  #isNamed(node: NumberNode): boolean {
    return (this.#uses.get(node) ?? 0) > 1;
  }

  #chosen(of: string, entries: readonly (readonly [text: string, value: number])[], otherwise: number): string {
    const cases = entries.filter(([, value]) => value !== otherwise);
    if (cases.length === 0) return doubleText(otherwise);
    const texts = cases.map(([text, value]) => ` WHEN ${text} THEN ${doubleText(value)}`);
    return `CASE ${of}${texts.join("")} ELSE ${doubleText(otherwise)} END`;
  }

  #tree(node: Extract<NumberNode, { readonly op: "tree" }>, at: number): string {
    const { features, values, right } = node.model;
    const feature = node.features.get(features[at] as number);
    const value = values[at] as number;
    if (feature === undefined) return singleText(value);
    const [below, above] = [this.#tree(node, at + 1), this.#tree(node, right[at] as number)];
    return `IF(${this.#of(feature)}<=${thresholdText(value)},${below},${above})`;
  }

  #textOf({ column, lower }: TextNode): string {
    const name = this.nameOf(column.name);
    return lower ? `LOWER(${name})` : name;
  }

  #condition(condition: Condition): string {
    switch (condition.op) {
      case "less":
      case "atMost":
      case "equal": {
        const [a, b] = condition.args;
        return `${this.#of(a)} ${comparisons[condition.op]} ${this.#of(b)}`;
      }
      case "and":
      case "or": {
        if (condition.args.length === 0) return condition.op === "and" ? "1 = 1" : "1 = 0";
        const args = condition.args.map((arg) => this.#condition(arg));
        return args.length === 1 ? args.join("") : `(${args.join(` ${condition.op.toUpperCase()} `)})`;
      }
      case "not":
        return `NOT (${this.#condition(condition.args[0])})`;
      case "missing":
        return `${condition.of.kind === "text" ? this.#textOf(condition.of) : this.#of(condition.of)} IS NULL`;
      case "finite":
        return `${this.#of(condition.of)} BETWEEN ${doubleText(-Number.MAX_VALUE)} AND ${greatest}`;
      case "isOneOf":
        return `${this.#textOf(condition.text)} IN (${condition.texts.map(quotedText).join(", ")})`;
    }
  }
}

/** What is as short as a name. */
const isShort = ({ op }: NumberNode): boolean => ["constant", "nothing", "column", "code"].includes(op);

/** Bias and trees as terms of a sum, in the order in which the library adds them. */
function treesOf({ model, features }: Extract<NumberNode, { readonly op: "trees" }>): NumberNode[] {
  const trees = Array.from(model.roots, (root): NumberNode => ({ kind: "number", op: "tree", model, root, features }));
  return [constant(model.bias), ...trees];
}
