import { ChurnkitError } from "../../../base/errors.js";
import type { Column, Contract } from "../../contract/contract.js";
import type { ColumnData, Table } from "../../table/table.js";
import type { Call, Expression } from "../expression.js";
import { inputColumn } from "./check-expression.js";
import { LevelIndex } from "./levels.js";
import { operators } from "./operators.js";
import type { Evaluate, Operator } from "./operator.js";

/** Rows evaluated at a time: buffers are made once, of this size, and stay in the processor's cache. */
export const chunkRows = 256;

/** The texts whose places a text column's values are: those of the table, or of the one record, that is encoded. */
export interface TextSource {
  texts: readonly string[];
}

/** A value for each row of the chunk. */
export interface Input extends TextSource {
  /** Values of the current chunk; a category's are codes in `levels`, -1 for an unknown label. NaN is missing. */
  readonly values: Float64Array;
  /** The labels of a category. */
  readonly levels: LevelIndex | undefined;
}

/** A column of the table, copied into the chunk and converted to the codes that the encoder knows. */
class ColumnInput implements Input {
  readonly values = new Float64Array(chunkRows);
  readonly levels: LevelIndex | undefined;
  texts: readonly string[] = [];
  readonly #column: Column;
  #data: ColumnData | undefined;
  #codes: Int32Array | undefined;

  constructor(column: Column) {
    this.#column = column;
    this.levels = column.kind === "category" ? new LevelIndex(column.levels) : undefined;
  }

  /** Takes the column's data of a table; a dictionary that is not the contract's is translated once, or row by row
   * where that is less work. */
  bind(table: Table, rows: number): void {
    const { name, optional } = this.#column;
    const data = table.columns.get(name);
    if (data === undefined && !optional) {
      throw new ChurnkitError(
        "INPUT_COLUMNS",
        `${table.source}: column "${name}" is missing, but the features need it.`,
        {
          where: { file: table.source, column: name },
        },
      );
    }
    this.#data = data;
    this.#codes = undefined;
    if (data?.storage === "coded") this.texts = data.levels;
    if (data?.storage !== "coded" || this.levels === undefined || this.#sameDictionary(data.levels)) return;
    const { levels } = this;
    if (data.levels.length <= rows) this.#codes = Int32Array.from(data.levels, (label) => levels.codeOf(label));
  }

  unbind(): void {
    this.#data = undefined;
    this.texts = [];
  }

  load(from: number, n: number): void {
    const data = this.#data;
    const { values } = this;
    if (data === undefined) values.fill(NaN, 0, n);
    else if (data.storage === "numeric") {
      for (let i = 0; i < n; i++) values[i] = data.values[from + i] as number;
    } else if (this.#codes !== undefined) {
      const translated = this.#codes;
      for (let i = 0; i < n; i++) {
        const code = data.codes[from + i] as number;
        values[i] = code < 0 ? NaN : (translated[code] as number);
      }
    } else {
      const levels = this.#sameDictionary(data.levels) ? undefined : this.levels;
      for (let i = 0; i < n; i++) {
        const code = data.codes[from + i] as number;
        values[i] = code < 0 ? NaN : levels === undefined ? code : levels.codeOf(data.levels[code] ?? "");
      }
    }
  }

  #sameDictionary(levels: readonly string[]): boolean {
    return this.#column.kind === "category" && levels === this.#column.levels;
  }
}

/** An operator applied to other inputs. */
class CallInput implements Input {
  readonly values = new Float64Array(chunkRows);
  readonly texts = [];
  readonly levels: LevelIndex | undefined;
  readonly #evaluate: Evaluate;
  readonly #args: readonly Float64Array[];

  constructor(call: Call, args: readonly Input[]) {
    const operator: Operator = operators[call.op];
    const levels = args.map((arg) => arg.levels);
    this.levels = operator.labels && new LevelIndex(operator.labels(levels));
    this.#evaluate = operator.prepare(call.parameters ?? {}, levels);
    this.#args = args.map((arg) => arg.values);
  }

  load(_from: number, n: number): void {
    this.#evaluate(this.values, n, this.#args);
  }
}

/**
 * The inputs of an encoder, each computed once per chunk of rows however often it is used. Make the inputs, `bind` a
 * table, `load` its chunks in any order, `unbind`. Check expressions against the contract first.
 */
export class Inputs {
  readonly #contract: Contract;
  readonly #known = new Map<string, Input>();
  readonly #columns = new Map<string, ColumnInput>();
  readonly #calls: CallInput[] = [];
  /** Arguments come before the operators that use them. */
  readonly #ordered: (ColumnInput | CallInput)[] = [];

  constructor(contract: Contract) {
    this.#contract = contract;
  }

  of(expression: Expression): Input {
    const key = JSON.stringify(expression);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const input = this.#make(expression);
    this.#known.set(key, input);
    this.#ordered.push(input);
    return input;
  }

  bind(table: Table, rows: number): void {
    for (const column of this.#columns.values()) column.bind(table, rows);
  }

  load(from: number, n: number): void {
    for (const input of this.#ordered) input.load(from, n);
  }

  /** The input that reads a column, where there is one: a row without a table is put into its first value. */
  column(name: string): Input | undefined {
    return this.#columns.get(name);
  }

  /** Computes what follows from the columns' first values. */
  loadRow(): void {
    for (const call of this.#calls) call.load(0, 1);
  }

  unbind(): void {
    for (const column of this.#columns.values()) column.unbind();
  }

  #make(expression: Expression): ColumnInput | CallInput {
    if (expression.op === "column") {
      const column = new ColumnInput(inputColumn(this.#contract, expression.name, "recipe"));
      this.#columns.set(expression.name, column);
      return column;
    }
    const call = new CallInput(
      expression,
      expression.args.map((arg) => this.of(arg)),
    );
    this.#calls.push(call);
    return call;
  }
}

/** Returns all values of an expression over a table: float64, NaN for missing; codes in `levels` for a category. */
export function evaluateExpression(
  expression: Expression,
  table: Table,
): { values: Float64Array; levels: readonly string[] } {
  const inputs = new Inputs(table.contract);
  const input = inputs.of(expression);
  const values = new Float64Array(table.rows);
  inputs.bind(table, table.rows);
  for (let from = 0; from < table.rows; from += chunkRows) {
    const n = Math.min(chunkRows, table.rows - from);
    inputs.load(from, n);
    for (let i = 0; i < n; i++) values[from + i] = input.values[i] as number;
  }
  inputs.unbind();
  return { values, levels: input.levels?.labels ?? [] };
}
