import { ChurnkitError } from "../../base/errors.js";
import type { ColumnKind, Contract } from "../contract/contract.js";
import type { Table } from "../table/table.js";
import type { WriteBlock } from "./blocks/block.js";
import { kindOf } from "./blocks/kinds.js";
import { explainEncoding, type EncodedColumn } from "./explain-encoding.js";
import { contractHash } from "../contract/contract-hash.js";
import type { Expression } from "./expression.js";
import { checkExpression } from "./expressions/check-expression.js";
import { chunkRows, Inputs, type Input } from "./expressions/evaluate.js";
import { LevelIndex } from "./expressions/levels.js";
import { argumentKinds } from "./expressions/operator.js";
import { plainRecordReader } from "./plain-record.js";
import type { FeatureBlock, Recipe } from "./recipe.js";

/**
 * Turns tables into matrices. It has buffers, so one encoder serves one call at a time (calls are synchronous, so
 * that is never a problem).
 */
export interface Encoder {
  /** Columns of the matrix. */
  readonly width: number;
  /** Readable name of each matrix column, all different: "tenure", "Contract=Two year", "TotalCharges (missing)". */
  readonly names: readonly string[];
  /** Input of each matrix column: a column of the contract, or a derived column of several. */
  readonly sources: readonly string[];
  /**
   * Encodes rows `from` to `to` (exclusive; all by default) of a table: row-major, rows x width, every number finite.
   * A row's numbers have the same bits alone and among others. It allocates nothing per row.
   *
   * @param out Written from its beginning and returned; allocated if absent. It needs (to - from) * width numbers or
   * more.
   * @throws ChurnkitError CONTRACT_MISMATCH for a table of other columns, INPUT_COLUMNS for a missing column,
   * OPTION_INVALID for rows or an `out` that do not fit.
   */
  encode(table: Table, out?: Float32Array, from?: number, to?: number): Float32Array;
}

const inputsOf = (recipe: Recipe): Map<string, Expression> =>
  new Map(recipe.derived.map((derived) => [derived.name, derived.expression]));

function checkBlock(block: FeatureBlock, expression: Expression, contract: Contract, index: number): void {
  const path = `blocks[${index}].input`;
  const { kind } = checkExpression(expression, contract, path);
  const kinds: readonly ColumnKind[] = argumentKinds[kindOf(block).takes];
  if (kinds.includes(kind)) return;
  throw new ChurnkitError(
    "FEATURES_INVALID",
    `${path}: a ${block.kind} block cannot take "${block.input}", a ${kind}.`,
    {
      where: { path, column: block.input },
    },
  );
}

interface PlacedBlock {
  readonly input: Input;
  readonly write: WriteBlock;
  readonly offset: number;
}

function placeBlocks(recipe: Recipe, contract: Contract, inputs: Inputs): { blocks: PlacedBlock[]; width: number } {
  const derived = inputsOf(recipe);
  let offset = 0;
  const blocks = recipe.blocks.map((block, index) => {
    const expression = derived.get(block.input) ?? ({ op: "column", name: block.input } as const);
    checkBlock(block, expression, contract, index);
    const input = inputs.of(expression);
    const kind = kindOf(block);
    const placed = {
      input,
      write: kind.writer(block, input.levels ?? new LevelIndex([]), input),
      offset,
    };
    offset += kind.width(block);
    return placed;
  });
  return { blocks, width: offset };
}

function mismatch(what: string, source: string): ChurnkitError {
  return new ChurnkitError(
    "CONTRACT_MISMATCH",
    `${what} and the recipe have different columns. Use the contract that the recipe was fitted with, or fit again.`,
    { where: { file: source } },
  );
}

/**
 * Makes the encoder of a recipe. It resolves expressions, levels and cut points once, here.
 *
 * @param contract The contract the recipe was fitted for.
 * @throws ChurnkitError CONTRACT_MISMATCH if the contract has other columns, FEATURES_INVALID if the recipe
 * contradicts it.
 *
 * @example
 * ```ts
 * import { compileRecipe, defineFeatures, fitRecipe, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const { recipe } = fitRecipe(defineFeatures(syntheticContract), table, { seed: 1 });
 * const { names, width } = compileRecipe(recipe, syntheticContract);
 * console.assert(names.length === width);
 * ```
 */
export function compileRecipe(recipe: Recipe, contract: Contract): Encoder {
  const { encoder } = compileEncoders(recipe, contract);
  let columns: readonly EncodedColumn[] | undefined;
  const explained = (): readonly EncodedColumn[] => (columns ??= explainEncoding(recipe));
  return {
    ...encoder,
    get names() {
      return explained().map((column) => column.name);
    },
    get sources() {
      return explained().map((column) => column.source);
    },
  };
}

/**
 * Encodes a record straight into row `row` of a matrix, to the same bits as a table of it. Nothing is allocated.
 *
 * @returns false where the record breaks the contract or there is something to say about it: a table tells what. The
 * matrix's row is then as it was.
 */
export type EncodePlainRecord = (record: unknown, out: Float32Array, row: number) => boolean;

/** An encoder for scoring, which needs no names. */
export type NamelessEncoder = Omit<Encoder, "names" | "sources">;

/** {@link compileRecipe} without names, and the shorter way for records that are all that the contract expects. */
export function compileEncoders(
  recipe: Recipe,
  contract: Contract,
): { readonly encoder: NamelessEncoder; readonly encodePlain: EncodePlainRecord } {
  const fits = (other: Contract): boolean => contractHash(other) === recipe.contractHash;
  if (!fits(contract)) throw mismatch(`The contract "${contract.name}"`, contract.name);
  return encodersOf(recipe, contract, fits);
}

/**
 * {@link compileEncoders} of a contract that is known to fit.
 *
 * @param fits whether another contract, of a table, has the same columns.
 */
export function encodersOf(
  recipe: Recipe,
  contract: Contract,
  fits: (other: Contract) => boolean,
): ReturnType<typeof compileEncoders> {
  const inputs = new Inputs(contract);
  const { blocks, width } = placeBlocks(recipe, contract, inputs);
  const read = plainRecordReader(contract, inputs);
  const encodePlain: EncodePlainRecord = (record, out, row) => {
    if (!read(record)) return false;
    inputs.loadRow();
    for (const { input, write, offset } of blocks) write(input.values, 1, out, row * width + offset, width);
    return true;
  };

  const encoder: NamelessEncoder = {
    width,

    encode(table, out, from = 0, to = table.rows) {
      if (table.contract !== contract && !fits(table.contract)) {
        throw mismatch(`The table ${table.source}`, table.source);
      }
      if (!(from >= 0 && from <= to && to <= table.rows)) {
        throw new ChurnkitError("OPTION_INVALID", `Rows ${from} to ${to} are not in a table of ${table.rows} rows.`);
      }
      const matrix = out ?? new Float32Array((to - from) * width);
      if (matrix.length < (to - from) * width) {
        throw new ChurnkitError(
          "OPTION_INVALID",
          `out holds ${matrix.length} numbers, ${(to - from) * width} are needed.`,
        );
      }
      inputs.bind(table, to - from);
      for (let start = from; start < to; start += chunkRows) {
        const n = Math.min(chunkRows, to - start);
        inputs.load(start, n);
        const row = (start - from) * width;
        for (const { input, write, offset } of blocks) write(input.values, n, matrix, row + offset, width);
      }
      inputs.unbind();
      return matrix;
    },
  };
  return { encoder, encodePlain };
}
