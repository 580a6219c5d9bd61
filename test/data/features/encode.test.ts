import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { canonicalJson } from "../../../src/base/json/canonical.js";
import { compileRecipe } from "../../../src/data/features/encode.js";
import { explainEncoding } from "../../../src/data/features/explain-encoding.js";
import { fitRecipe, type FittedRecipe } from "../../../src/data/features/fit/fit-recipe.js";
import type { Features } from "../../../src/data/features/define.js";
import { parseRecipe } from "../../../src/data/features/parse-recipe.js";
import type { ColumnData, Table } from "../../../src/data/table/table.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import { anyContract, anyFeatures, anyTable } from "./generated.js";

/** Fits, or undefined where the table has nothing to learn from. */
function fit(features: Features, table: Table): FittedRecipe | undefined {
  try {
    return fitRecipe(features, table, { seed: 1 });
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "FEATURES_INVALID") return undefined;
    throw error;
  }
}

/** Runs on fitted features and tables to encode; tells if hardly any could be fitted. */
function property(
  check: (fitted: FittedRecipe, table: Table, other: Table, features: Features) => void,
  runs = 40,
): void {
  let done = 0;
  fc.assert(
    fc.property(anyFeatures, anyTable(1, 80), anyTable(1, 300), (features, table, other) => {
      const fitted = fit(features, table);
      if (fitted === undefined) return;
      done++;
      check(fitted, table, other, features);
    }),
    { numRuns: runs },
  );
  expect(done).toBeGreaterThan(runs / 2);
}

const bits = (matrix: Float32Array): Uint32Array => new Uint32Array(matrix.buffer, matrix.byteOffset, matrix.length);

const copyOf = (data: ColumnData): ColumnData =>
  data.storage === "numeric"
    ? { ...data, values: data.values.slice() }
    : { ...data, codes: data.codes.slice(), levels: [...data.levels] };

describe("an encoder", () => {
  it("gives finite numbers for any table, whatever it was fitted on", () =>
    property(({ matrix, encoder }, table, other) => {
      expect(matrix).toHaveLength(table.rows * encoder.width);
      expect(matrix.every(Number.isFinite)).toBe(true);
      expect(encoder.encode(other).every(Number.isFinite)).toBe(true);
    }, 100));

  it("gives a row the same bits alone as among others, with any dictionary", () =>
    property(({ encoder }, _, other) => {
      const { width } = encoder;
      const all = encoder.encode(other);
      for (const row of [0, other.rows >> 1, other.rows - 1]) {
        const among = bits(all.slice(row * width, (row + 1) * width));
        expect(bits(encoder.encode(takeRows(other, [row])))).toEqual(among);
        expect(bits(encoder.encode(other, undefined, row, row + 1))).toEqual(among);
      }
      const reversed = takeRows(
        other,
        Array.from({ length: other.rows }, (_, i) => other.rows - 1 - i),
      );
      const columns = [...reversed.columns].map(([name, data]): [string, ColumnData] => {
        if (data.storage === "numeric") return [name, data];
        const levels = [...data.levels].reverse();
        return [
          name,
          { ...data, levels, codes: data.codes.map((code) => (code < 0 ? code : levels.length - 1 - code)) },
        ];
      });
      const shuffled = encoder.encode({ ...reversed, columns: new Map(columns.reverse()) });
      for (let row = 0; row < other.rows; row++) {
        const back = other.rows - 1 - row;
        expect(bits(shuffled.slice(back * width, (back + 1) * width))).toEqual(
          bits(all.slice(row * width, (row + 1) * width)),
        );
      }
    }));

  it("comes out the same from the same rows, in any order of columns, and from JSON", () =>
    property((fitted, table, other, features) => {
      const again = fit(features, { ...table, columns: new Map([...table.columns].reverse()) });
      expect(canonicalJson(again?.recipe)).toBe(canonicalJson(fitted.recipe));
      expect(again?.matrix).toEqual(fitted.matrix);
      expect(again?.notes).toEqual(fitted.notes);
      const parsed = parseRecipe(JSON.parse(JSON.stringify(fitted.recipe)));
      expect(parsed).toEqual(fitted.recipe);
      expect(compileRecipe(parsed, structuredClone(anyContract)).encode(other)).toEqual(fitted.encoder.encode(other));
    }));

  it("changes nothing it was given", () =>
    property((fitted, table, other, features) => {
      const before = new Map([...table.columns].map(([name, data]) => [name, copyOf(data)]));
      const recipe = JSON.stringify(fitted.recipe);
      fit(features, table);
      fitted.encoder.encode(other);
      expect(new Map(table.columns)).toEqual(before);
      expect(JSON.stringify(fitted.recipe)).toBe(recipe);
    }));

  it("names each column once and says where it comes from", () =>
    property(({ recipe, encoder }) => {
      const explained = explainEncoding(recipe);
      expect(encoder.names).toHaveLength(encoder.width);
      expect(new Set(encoder.names).size).toBe(encoder.width);
      expect(explained.map(({ name }) => name)).toEqual(encoder.names);
      expect(explained.map(({ source }) => source)).toEqual(encoder.sources);
      for (const { columns } of explained) {
        for (const name of columns)
          expect(anyContract.columns.find((column) => column.name === name)?.role).toBe("feature");
      }
    }));

  it("writes only the rows asked for, into the array given", () => {
    const table = fc.sample(anyTable(700, 700), { numRuns: 1, seed: 5 })[0] as Table;
    const features = fc.sample(anyFeatures, { numRuns: 1, seed: 5 })[0] as Features;
    const { encoder } = fitRecipe(features, table, { seed: 1 });
    const whole = encoder.encode(table);
    const out = new Float32Array(400 * encoder.width + 3).fill(-7);
    expect(encoder.encode(table, out, 250, 650)).toBe(out);
    expect(out.subarray(0, 400 * encoder.width)).toEqual(whole.subarray(250 * encoder.width, 650 * encoder.width));
    expect(Array.from(out.subarray(-3))).toEqual([-7, -7, -7]);
    expect(encoder.encode(table, undefined, 5, 5)).toHaveLength(0);
    expect(() => encoder.encode(table, new Float32Array(3))).toThrow(/out holds 3 numbers/);
    expect(() => encoder.encode(table, undefined, 5, 701)).toThrow(/Rows 5 to 701/);
    expect(() => encoder.encode(table, undefined, 6, 5)).toThrow(/Rows 6 to 5/);
  });
});

describe("a recipe and a contract that do not fit", () => {
  const table = fc.sample(anyTable(60, 60), { numRuns: 1, seed: 5 })[0] as Table;
  const features = fc.sample(anyFeatures, { numRuns: 1, seed: 5 })[0] as Features;
  const { recipe, encoder } = fitRecipe(features, table, { seed: 1 });
  const other = { ...anyContract, columns: anyContract.columns.slice(1) };
  const codeOf = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      if (ChurnkitError.isInstance(error)) return error.code;
    }
    return "none";
  };

  it("is refused", () => {
    expect(codeOf(() => compileRecipe(recipe, other))).toBe("CONTRACT_MISMATCH");
    expect(codeOf(() => encoder.encode({ ...table, contract: other }))).toBe("CONTRACT_MISMATCH");
    expect(codeOf(() => fitRecipe(features, { ...table, contract: other }, { seed: 1 }))).toBe("CONTRACT_MISMATCH");
    expect(codeOf(() => encoder.encode({ ...table, contract: structuredClone(anyContract) }))).toBe("none");
  });

  it("is refused where a needed column is not in the table, or a block takes the wrong kind", () => {
    const columns = new Map(table.columns);
    columns.delete("plain");
    expect(codeOf(() => encoder.encode({ ...table, columns }))).toBe("INPUT_COLUMNS");
    const blocks = [{ kind: "values" as const, input: "plan", values: [1] }];
    expect(codeOf(() => compileRecipe({ ...recipe, blocks }, anyContract))).toBe("FEATURES_INVALID");
    const leaking = [
      { kind: "frequency" as const, input: "churn", levels: ["yes"], values: [1], otherwise: 0, missing: 0 },
    ];
    expect(codeOf(() => compileRecipe({ ...recipe, blocks: leaking }, anyContract))).toBe("FEATURES_INVALID");
  });
});
