import type { Condition, NumberNode, TextNode } from "../graph/node.js";
import { childrenOf } from "../graph/children.js";
import { SqlColumns } from "./columns.js";
import { doubleText, quotedText, singleText, thresholdText } from "./literals.js";
import type { Piece } from "./piece.js";

const functions = { floor: "FLOOR", abs: "ABS", exp: "EXP", sine: "SIN" } as const;
/** Where these hold; elsewhere DuckDB fails, even in a column that is not read for the row. */
const partial = {
  log: { name: "LN", from: "> 0E0" },
  sqrt: { name: "SQRT", from: ">= 0E0" },
} as const;
const signs = { add: "+", subtract: "-", multiply: "*", divide: "/" } as const;
const comparisons = { less: "<", atMost: "<=", equal: "=" } as const;
const missingNumber = "CAST(NULL AS DOUBLE)";
const greatest = doubleText(Number.MAX_VALUE);
const cases = "CASE WHEN ";

const constantOf = (text: string): Piece => ({ text, step: 0, size: 0 });
const columnOf = (text: string): Piece => ({ text, step: 0, size: 1 });

/** Writes nodes as expressions. What is used more than once becomes a column of a step of its own. */
export class SqlWriter {
  readonly #uses = new Map<NumberNode, number>();
  readonly #written = new Map<NumberNode, Piece>();
  readonly #columns = new SqlColumns();

  /** @param nameOf the name of a column that is read. */
  constructor(private readonly nameOf: (column: string) => string) {}

  /** Each step's columns, as `expression AS name`. */
  get steps(): readonly (readonly string[])[] {
    return this.#columns.steps;
  }

  /** Makes columns of nodes and of all that they need; returns their names. */
  write(roots: readonly NumberNode[]): string[] {
    // As if each were used twice.
    for (const root of [...roots, ...roots]) this.#count(root);
    return roots.map((root) => this.#number(root).text);
  }

  #count(node: NumberNode): void {
    const before = this.#uses.get(node) ?? 0;
    this.#uses.set(node, before + 1);
    if (before > 0) return;
    for (const child of childrenOf(node)) this.#count(child);
    // Its text has it twice.
    if (node.op === "real" || node.op in partial) for (const child of childrenOf(node)) this.#count(child);
  }

  /** The node's expression, or the name of its column. */
  #number(node: NumberNode): Piece {
    const known = this.#written.get(node);
    if (known !== undefined) return known;
    const piece = this.#expression(node);
    const isNamed = (this.#uses.get(node) ?? 0) > 1 && !isShort(node);
    const placed = isNamed ? this.#columns.named(piece) : piece;
    this.#written.set(node, placed);
    return placed;
  }

  #expression(node: NumberNode): Piece {
    const columns = this.#columns;
    switch (node.op) {
      case "constant":
        return constantOf(doubleText(node.value));
      case "nothing":
        return constantOf(missingNumber);
      case "column":
        return columnOf(this.nameOf(node.column.name));
      case "code":
        return constantOf(doubleText(node.levels.codeOf(node.label)));
      case "add":
      case "subtract":
      case "multiply":
      case "divide":
        return columns.expression(this.#numbers(node.args), (a, b) => `(${a} ${signs[node.op]} ${b})`);
      case "sum":
        return node.args.length === 0 ? constantOf(doubleText(0)) : columns.joined(this.#numbers(node.args), "+");
      case "single":
        return columns.expression(this.#numbers(node.args), (x) => `CAST(CAST(${x} AS REAL) AS DOUBLE)`);
      case "real":
        return columns.expression(
          this.#numbers(node.args),
          (x) => `CASE WHEN ${x} BETWEEN CAST('-Infinity' AS DOUBLE) AND CAST('Infinity' AS DOUBLE) THEN ${x} END`,
        );
      case "log":
      case "sqrt": {
        const { name, from } = partial[node.op];
        return columns.expression(this.#numbers(node.args), (x) => `CASE WHEN ${x} ${from} THEN ${name}(${x}) END`);
      }
      case "floor":
      case "abs":
      case "exp":
      case "sine": {
        const name = functions[node.op];
        return columns.expression(this.#numbers(node.args), (x) => `${name}(${x})`);
      }
      case "where":
        return this.#where(node);
      case "lookup": {
        const entries = [...node.entries()].map(([text, value]) => [quotedText(text), value] as const);
        return this.#chosen(columnOf(this.#textOf(node.text)), entries, node.otherwise);
      }
      case "table": {
        const entries = node.values().map((value, i) => [doubleText(i), value] as const);
        return this.#chosen(this.#number(node.args[0]), entries, node.otherwise);
      }
      case "trees": {
        const { model } = node;
        // In the order in which the library adds them.
        const trees = Array.from(model.roots, (root) =>
          columns.expression([this.#tree(node, root)], (leaf) => `CAST(CAST(${leaf} AS REAL) AS DOUBLE)`),
        );
        return columns.joined([constantOf(doubleText(model.bias)), ...trees], "+");
      }
      case "network":
        throw new Error("SQL has no network.");
    }
  }

  #numbers(nodes: readonly NumberNode[]): Piece[] {
    return nodes.map((node) => this.#number(node));
  }

  #where({ condition, args: [then, otherwise] }: Extract<NumberNode, { readonly op: "where" }>): Piece {
    const pieces = [this.#condition(condition), this.#number(then), this.#number(otherwise)];
    return this.#columns.expression(pieces, (when, value, rest = "") => {
      const first = `${cases}${when} THEN ${value}`;
      if (otherwise.op === "nothing") return `${first} END`;
      // Cases one after the other.
      return rest.startsWith(cases) ? `${first}${rest.slice("CASE".length)}` : `${first} ELSE ${rest} END`;
    });
  }

  #chosen(of: Piece, entries: readonly (readonly [text: string, value: number])[], otherwise: number): Piece {
    const others = entries.filter(([, value]) => value !== otherwise);
    if (others.length === 0) return constantOf(doubleText(otherwise));
    const texts = others.map(([text, value]) => [text, doubleText(value)] as const);
    return this.#columns.chosen(of, texts, doubleText(otherwise));
  }

  #tree(node: Extract<NumberNode, { readonly op: "trees" }>, at: number): Piece {
    const { features, values, right } = node.model;
    const feature = node.features.get(features[at] as number);
    const value = values[at] as number;
    if (feature === undefined) return constantOf(singleText(value));
    const pieces = [this.#number(feature), this.#tree(node, at + 1), this.#tree(node, right[at] as number)];
    return this.#columns.expression(pieces, (x, below, above) => `IF(${x}<=${thresholdText(value)},${below},${above})`);
  }

  #textOf({ column, lower }: TextNode): string {
    const name = this.nameOf(column.name);
    return lower ? `LOWER(${name})` : name;
  }

  #condition(condition: Condition): Piece {
    const columns = this.#columns;
    switch (condition.op) {
      case "less":
      case "atMost":
      case "equal":
        return columns.expression(this.#numbers(condition.args), (a, b) => `${a} ${comparisons[condition.op]} ${b}`);
      case "and":
      case "or": {
        if (condition.args.length === 0) return constantOf(condition.op === "and" ? "1 = 1" : "1 = 0");
        const args = condition.args.map((arg) => this.#condition(arg));
        return columns.joined(args, condition.op === "and" ? "AND" : "OR");
      }
      case "not":
        return columns.expression([this.#condition(condition.args[0])], (arg) => `NOT (${arg})`);
      case "missing": {
        const of = condition.of.kind === "text" ? columnOf(this.#textOf(condition.of)) : this.#number(condition.of);
        return columns.expression([of], (value) => `${value} IS NULL`);
      }
      case "finite":
        return columns.expression(
          [this.#number(condition.of)],
          (x) => `${x} BETWEEN ${doubleText(-Number.MAX_VALUE)} AND ${greatest}`,
        );
      case "isOneOf":
        return columnOf(`${this.#textOf(condition.text)} IN (${condition.texts.map(quotedText).join(", ")})`);
    }
  }
}

/** What is as short as a name. */
const isShort = ({ op }: NumberNode): boolean => ["constant", "nothing", "column", "code"].includes(op);
