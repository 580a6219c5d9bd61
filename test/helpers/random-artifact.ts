import { uniform } from "../../src/base/random.js";
import { cellReader, isIssue } from "../../src/data/contract/cells.js";
import { contractHash } from "../../src/data/contract/contract-hash.js";
import type { Column, Contract } from "../../src/data/contract/contract.js";
import { compileRecipe } from "../../src/data/features/encode.js";
import type { Expression } from "../../src/data/features/expression.js";
import type { DerivedColumn, FeatureBlock, Recipe } from "../../src/data/features/recipe.js";
import type { Artifact, Calibration, ModelNode, TreesModel } from "../../src/model/artifact.js";
import { tensorLayout, type NetworkSpec } from "../../src/model/kinds/network/spec.js";

/** What an export takes. */
export type Scored = Pick<Artifact, "contract" | "recipe" | "model" | "calibration" | "decision">;
/** Kinds of binary models. */
type Kind = Exclude<ModelNode["kind"], "classes">;

/** Random numbers, choices and lists of a seed. */
export class Chance {
  readonly #next: () => number;
  constructor(seed: number) {
    this.#next = uniform(seed);
  }
  number(low = 0, high = 1): number {
    return low + (high - low) * this.#next();
  }
  whole(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }
  is(share = 0.5): boolean {
    return this.#next() < share;
  }
  one<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)] as T;
  }
  list<T>(length: number, make: (i: number) => T): T[] {
    return Array.from({ length }, (_, i) => make(i));
  }
  some<T>(items: readonly T[]): T[] {
    return items.filter(() => this.is());
  }
  /** Increasing numbers. */
  knots(length: number): number[] {
    let at = this.number(-20, 20);
    return this.list(length, () => (at += this.number(0.1, 9)));
  }
}

/** Names and labels that break texts that are put together without care. */
const hostile = [
  "it's",
  'say "hi"',
  "back\\slash\\",
  "</script><script>",
  "select",
  "toString",
  "__proto__",
  "constructor",
  "😀 é",
  "a & b",
  "a;--",
  "$1 ${x} `",
  "line\nbreak",
  "%s",
  "\u2028",
  "ORDER",
];

const common = { role: "feature", optional: false } as const;

function randomColumn(chance: Chance, name: string, kind: Column["kind"]): Column {
  const nullable = chance.is(0.6);
  const base = { ...common, name, nullable };
  switch (kind) {
    case "number": {
      const limits = chance.is(0.3) ? { min: -100, exclusiveMax: 1e6 } : {};
      return {
        ...base,
        kind,
        missing: chance.is(0.3) ? ["-999", "NA"] : [],
        integer: chance.is(0.3),
        ...limits,
        ...(chance.is(0.15) && { multipleOf: 0.5 }),
        ...(chance.is(0.2) && { default: 7 }),
        ...(chance.is(0.4) && { observed: { min: -50, max: 100 } }),
      };
    }
    case "boolean":
      return {
        ...base,
        kind,
        missing: chance.is(0.3) ? ["?"] : [],
        truthy: ["Yes", "it's"],
        falsy: ["No", "\\"],
        caseSensitive: chance.is(),
        ...(chance.is(0.2) && { default: true }),
      };
    case "date":
      return {
        ...base,
        kind,
        missing: chance.is(0.3) ? ["9999-12-31"] : [],
        precision: chance.one(["date", "datetime"]),
        ...(chance.is(0.3) && { min: Date.UTC(1950, 0, 1) }),
      };
    case "category":
      return {
        ...base,
        kind,
        missing: chance.is(0.3) ? ["unknown"] : [],
        levels: [...new Set(chance.list(chance.whole(1, 5), () => chance.one(hostile)))],
        open: chance.is(0.6),
        ...(chance.is(0.2) && { default: "it's" }),
      };
    case "text":
      return { ...base, kind, missing: [] };
  }
}

/** A contract of every kind of column, under names that break texts. */
export function randomContract(chance: Chance, classes: readonly string[] = ["No", "it's"]): Contract {
  const kinds = [
    ...(["number", "number", "boolean", "date", "category", "category"] as const),
    ...chance.some(["number", "boolean", "date", "category", "text"] as const),
  ];
  const names = new Set<string>();
  const columns = kinds.map((kind, i) => {
    const name = chance.one(hostile);
    const unused = names.has(name) ? `${name} ${i}` : name;
    names.add(unused);
    return randomColumn(chance, unused, kind);
  });
  const fixed = columns.map((column): Column =>
    column.kind === "category" && column.default !== undefined && !column.open
      ? { ...column, levels: [...new Set(["it's", ...column.levels])] }
      : column,
  );
  return {
    format: 1,
    name: chance.one(hostile),
    origin: "inferred",
    columns: [
      { name: "id", kind: "text", role: "id", nullable: true, optional: false, missing: [] },
      ...fixed,
      {
        name: "churned",
        kind: "category",
        role: "target",
        nullable: false,
        optional: false,
        missing: [],
        levels: classes,
        open: false,
      },
    ],
    target: { column: "churned", classes, positive: "it's" },
  };
}

/** One expression of each operator that the columns allow; those with logarithms or angles only where `inexact`. */
function randomExpressions(chance: Chance, contract: Contract, inexact: boolean): Expression[] {
  const of = (...kinds: string[]): Expression[] =>
    contract.columns
      .filter(({ role, kind }) => role === "feature" && kinds.includes(kind))
      .map(({ name }) => ({ op: "column", name }));
  const numbers = of("number", "boolean");
  const dates = of("date");
  const any = of("number", "boolean", "date", "category", "text");
  const categories = contract.columns.filter((column) => column.role === "feature" && column.kind === "category");
  const number = (depth = 0): Expression => (depth < 2 && chance.is(0.4) ? call(depth + 1) : chance.one(numbers));
  const several = (): Expression[] => chance.list(chance.whole(2, 4), () => number(1));
  const call = (depth: number): Expression =>
    chance.one<() => Expression>([
      () => ({ op: "constant", args: [], parameters: { value: chance.number(-5, 5) } }),
      () => ({ op: "ratio", args: [number(depth), number(depth)] }),
      () => ({ op: "difference", args: [number(depth), number(depth)] }),
      () => ({
        op: chance.one(["sum", "product", "min", "max", "mean", "trend", "coalesce"] as const),
        args: several(),
      }),
      () => ({ op: chance.one(["negate", "abs", "sqrt"] as const), args: [number(depth)] }),
      () => ({ op: "clip", args: [number(depth)], parameters: { low: -3, high: 12.5 } }),
      () => ({ op: "bucket", args: [number(depth)], parameters: { edges: chance.knots(4) } }),
      () => ({ op: "isMissing", args: [chance.one(any)] }),
      () => ({ op: "daysBetween", args: [chance.one(dates), chance.one(dates)] }),
      () => ({ op: "daysSince", args: [chance.one(dates)], parameters: { day: "2024-02-29" } }),
      () => ({ op: chance.one(["yearOf", "monthOf", "dayOfMonth", "dayOfWeek"] as const), args: [chance.one(dates)] }),
      () => {
        const column = chance.one(categories);
        const level = chance.one(column.kind === "category" ? column.levels : [""]);
        const args: Expression[] = [{ op: "column", name: column.name }];
        return chance.is()
          ? { op: "equals", args, parameters: { level } }
          : { op: "isIn", args, parameters: { levels: [level] } };
      },
      () => {
        const column = chance.one(categories);
        const level = chance.one(column.kind === "category" ? column.levels : [""]);
        const args: Expression[] = [{ op: "column", name: column.name }];
        return { op: "countOf", args: [...args, ...args], parameters: { level } };
      },
      ...(inexact
        ? [
            (): Expression => ({ op: "log1p", args: [number(depth)] }),
            (): Expression => ({
              op: chance.one(["seasonSine", "seasonCosine"] as const),
              args: [chance.one(dates)],
              parameters: { period: chance.one(["year", "week"]) },
            }),
          ]
        : []),
    ])();
  return chance.list(8, () => call(0));
}

function labelBlock(chance: Chance, input: string, levels: readonly string[]): FeatureBlock {
  const label = (): string => chance.one([...levels, ...hostile]);
  const labels = [...new Set(chance.list(5, label))];
  if (chance.is()) {
    const values = labels.map(() => chance.number(-3, 3));
    return { kind: chance.one(["target", "frequency"]), input, levels: labels, values, otherwise: 0.3, missing: -0.7 };
  }
  const own = labels.slice(0, Math.max(1, labels.length - 2));
  const rare = labels.slice(own.length, own.length + 1);
  const missing = chance.one(["column", "silent", "average"] as const);
  const width = own.length + rare.length + (missing === "column" ? 1 : 0);
  return {
    ...{ kind: "oneHot", input, levels: own, rare, silent: labels.slice(own.length + rare.length), missing },
    average: chance.list(width, () => chance.number()),
  };
}

function numberBlock(chance: Chance, input: string, inexact: boolean): FeatureBlock {
  const impute = chance.number(-3, 30);
  const indicator = chance.is();
  const kind = chance.one(["numeric", "numeric", "piecewise", "values"] as const);
  if (kind === "piecewise") return { kind, input, impute, indicator, knots: chance.knots(chance.whole(2, 5)) };
  if (kind === "values") return { kind, input, values: [0, 1, 2.5].slice(0, chance.whole(1, 3)) };
  const transform = chance.one(
    inexact ? (["identity", "log", "quantile"] as const) : (["identity", "quantile"] as const),
  );
  const knots = transform === "quantile" ? chance.knots(chance.whole(1, 5)) : [];
  let score = -2;
  const scores = knots.map(() => (score += chance.number(0.1, 0.9)));
  return {
    ...{ kind, input, impute, indicator, transform, knots, scores },
    ...{ center: chance.number(-5, 15), scale: chance.number(0.01, 0.6) },
  };
}

/** A recipe with every kind of block over columns and derived columns. */
export function randomRecipe(chance: Chance, contract: Contract, inexact: boolean): Recipe {
  const derived: DerivedColumn[] = randomExpressions(chance, contract, inexact).map((expression, i) => ({
    name: `derived ${i}`,
    expression,
  }));
  const categories = contract.columns.filter((column) => column.role === "feature" && column.kind === "category");
  const [first, second] = categories;
  const cross = first !== undefined && second !== undefined && chance.is();
  if (cross) {
    const args: Expression[] = [first, second].map(({ name }) => ({ op: "column", name }));
    derived.push({ name: "both", expression: { op: "cross", args } });
  }
  const blocks = contract.columns.flatMap((column): FeatureBlock[] => {
    if (column.role !== "feature") return [];
    if (column.kind === "category") return chance.list(2, () => labelBlock(chance, column.name, column.levels));
    if (column.kind === "number") return chance.list(2, () => numberBlock(chance, column.name, inexact));
    return column.kind === "boolean" ? [numberBlock(chance, column.name, inexact)] : [];
  });
  for (const { name } of derived.slice(0, 8)) blocks.push(numberBlock(chance, name, inexact));
  if (cross) blocks.push(labelBlock(chance, "both", ["it's & a & b", "select & select"]));
  return { format: 1, contractHash: contractHash(contract), derived, blocks };
}

/** Trees over random features; their number and greatest depth are random where they are not given. */
export function randomTrees(
  chance: Chance,
  inputs: number,
  { trees = chance.whole(1, 6), depth }: { readonly trees?: number; readonly depth?: number } = {},
): TreesModel {
  const link = chance.one(["logistic", "identity"] as const);
  const [features, values, right, roots]: [number[], number[], number[], number[]] = [[], [], [], []];
  const grow = (depth: number): void => {
    const node = features.length;
    const leaf = depth === 0 || chance.is(0.1);
    features.push(leaf ? -1 : chance.whole(0, inputs - 1));
    values.push(leaf ? chance.number(-0.2, 0.3) : chance.one([0, 0.5, 1, chance.number(-2, 2)]));
    right.push(0);
    if (leaf) return;
    grow(depth - 1);
    right[node] = features.length;
    grow(depth - 1);
  };
  for (let tree = trees; tree > 0; tree--) {
    roots.push(features.length);
    grow(depth ?? chance.whole(0, 5));
  }
  return {
    ...{ kind: "trees", inputs, link, bias: link === "identity" ? 0.4 : chance.number(-1, 1) },
    ...{ roots: Uint32Array.from(roots), features: Int32Array.from(features) },
    ...{ values: Float32Array.from(values), right: Uint32Array.from(right) },
  };
}

function randomNetwork(chance: Chance, inputs: number): ModelNode {
  const layer = () => ({ units: chance.whole(1, 19), l2: 0, batchNorm: chance.is(), dropout: 0 });
  const hidden = chance.list(chance.whole(0, 3), layer);
  const spec: NetworkSpec = { inputs, hidden, outputs: 1, batchNorm: { momentum: 0.99, epsilon: 0.001 } };
  const weights = tensorLayout(spec).map(({ name, shape }) => {
    // Logits stay moderate: next to probabilities of 0 and 1 a bit of float32 may count.
    const size = name.endsWith("kernel") ? 1 / Math.sqrt(shape[0] ?? 1) : 0.5;
    const [low, high] = name.endsWith("variance") || name.endsWith("gamma") ? [0.5, 2] : [-size, size];
    return Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => chance.number(low, high));
  });
  return { kind: "network", spec, weights };
}

/** A model of a kind; the members of an ensemble are of `kinds`. */
export function randomModel(chance: Chance, kind: Kind, inputs: number, kinds: readonly Kind[]): ModelNode {
  switch (kind) {
    case "linear":
      return { kind, weights: chance.list(inputs, () => chance.number(-0.3, 0.3)), bias: chance.number(-1, 1) };
    case "trees":
      return randomTrees(chance, inputs);
    case "network":
      return randomNetwork(chance, inputs);
    case "ensemble": {
      const members = chance.list(chance.whole(1, 3), () => randomModel(chance, chance.one(kinds), inputs, kinds));
      const shares = members.map(() => chance.number(0.1, 1));
      const total = shares.reduce((a, b) => a + b);
      return {
        ...{ kind, members },
        ...(chance.is() && { weights: shares.map((share) => share / total) }),
        ...(chance.is() && { average: "logOdds" as const }),
      };
    }
  }
}

function randomCalibration(chance: Chance): Calibration {
  const from = chance.knots(chance.whole(1, 4)).map((knot) => knot / 10);
  return chance.one<Calibration>([
    { kind: "identity" },
    { kind: "platt", slope: chance.number(0.3, 2), intercept: chance.number(-1, 1) },
    { kind: "beta", a: chance.number(0.3, 2), b: chance.number(0.3, 2), c: chance.number(-1, 1) },
    { kind: "isotonic", from, to: from.map((knot, i) => knot / 2 + i / 10) },
  ]);
}

/** Options of {@link randomArtifact}. */
export interface RandomOptions {
  /** Kinds of models; default all. */
  readonly kinds?: readonly Kind[];
  /** Whether features need logarithms or angles, which databases round in their own way. Default true. */
  readonly inexact?: boolean;
  /** The classes, of which `it's` is the positive one. */
  readonly classes?: readonly string[];
}

/** A model for each class. */
function randomClasses(chance: Chance, classes: readonly string[], inputs: number, kinds: readonly Kind[]): ModelNode {
  return {
    kind: "classes",
    positive: classes.indexOf("it's"),
    members: classes.map(() => randomModel(chance, chance.one([...kinds, "ensemble"] as const), inputs, kinds)),
    slopes: classes.map(() => chance.number(0.5, 1.5)),
    biases: classes.map(() => chance.number(-1, 1)),
  };
}

/** An artifact of the seed: any columns, features, model and calibration. */
export function randomArtifact(chance: Chance, options: RandomOptions = {}): Scored {
  const { kinds = ["linear", "trees", "network"], inexact = true, classes = ["No", "it's"] } = options;
  const contract = randomContract(chance, classes);
  const recipe = randomRecipe(chance, contract, inexact);
  const { width } = compileRecipe(recipe, contract);
  return {
    contract,
    recipe,
    model:
      classes.length > 2
        ? randomClasses(chance, classes, width, kinds)
        : randomModel(chance, chance.one([...kinds, "ensemble"] as const), width, kinds),
    calibration: randomCalibration(chance),
    decision: { threshold: chance.number(0.3, 0.7), rule: "given" },
  };
}

/** A value of a column's own type, often missing, unseen, extreme or against the contract. */
export function randomValue(chance: Chance, column: Column): string | number | boolean | null {
  if (chance.is(0.1)) return null;
  switch (column.kind) {
    case "number": {
      const usual = column.integer
        ? chance.whole(-60, 110)
        : chance.whole(-120, 220) / 2 + (chance.is(0.2) ? 0.123 : 0);
      return chance.is(0.8) ? usual : chance.one([0, -0, 1e300, -1e300, 5e-324, -999, 1e6, NaN, Infinity, 2 ** 53]);
    }
    case "boolean":
      return chance.one([true, false, "Yes", "No", "yes", "it's", "?", "maybe", ""]);
    case "date":
      return chance.one([
        "2024-02-29",
        "1970-01-01",
        "1969-12-31",
        "9999-12-31",
        "1900-03-01",
        "2023-07-15",
        "0004-02-29",
      ]);
    case "category":
      return chance.is(0.7)
        ? chance.one([...column.levels, "it's"])
        : chance.one([...hostile, "unknown", "", "never seen", " it's "]);
    case "text":
      return chance.one(hostile);
  }
}

/** A record with a value for every column but the target; two of three keep the contract. */
export function randomRecord(chance: Chance, { columns }: Contract): Record<string, string | number | boolean | null> {
  const keeps = chance.is(2 / 3);
  const read = columns.filter(({ role }) => role !== "target");
  return Object.fromEntries(
    read.map((column) => {
      const reader = cellReader(column);
      let value = randomValue(chance, column);
      for (let tries = 0; keeps && tries < 50 && isIssue(reader.fromJson(value)); tries++)
        value = randomValue(chance, column);
      return [column.name, value];
    }),
  );
}
