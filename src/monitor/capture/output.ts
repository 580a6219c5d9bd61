import { ChurnkitError } from "../../base/errors.js";
import type { Target } from "../../data/contract/index.js";
import { probabilityOf, textOf } from "./capture.js";
import { isProblem, payloadOf, type Payload, type Problem } from "./payload.js";

/** Content of a captured endpoint's outputs per record, if they do not name it. */
export const captureOutputs = {
  probability: "one number: the probability of the positive class, even if it is exactly 0 or 1",
  positiveFirst: "a number for each class, the positive one's first",
  positiveLast: "a number for each class, the positive one's last",
  labelScore: "a label, and the probability of the positive class",
  labelProbability: "a label, and the probability of that label",
  label: "only a label, without a score",
} as const;
/** A name of {@link captureOutputs}. */
export type CaptureOutput = keyof typeof captureOutputs;

/** Checks a name from outside. */
export function checkOutput(output: CaptureOutput | undefined): void {
  if (output === undefined || Object.hasOwn(captureOutputs, output)) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `outputForm is "${String(output)}". Give one of ${Object.keys(captureOutputs).join(", ")}.`,
    { where: { path: "outputForm" } },
  );
}

/** How outputs are understood. */
export interface OutputOptions {
  readonly output: CaptureOutput | undefined;
  readonly target: Target | undefined;
  readonly mostRecords: number;
}

/** An output's result for one record. */
export interface Output {
  readonly probability: number | null;
  readonly label: string | null;
  /** The number is exactly 0 or 1 and was alone, so it may be a label as well. */
  readonly whole?: boolean;
  readonly problem?: string;
}

/** A response's results for all its records. */
export interface Outputs {
  readonly outputs: readonly Output[];
  readonly version: string | null;
}

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Reads the outputs of a captured response to this many records. */
export function outputsOf(side: unknown, records: number, options: OutputOptions): Outputs | Problem {
  const payload = payloadOf(side, options.mostRecords + 1);
  if (isProblem(payload)) return payload;
  if ("rows" in payload)
    return { outputs: csvItems(payload.rows, records).map((item) => one(item, options)), version: null };
  const { value } = payload;
  return {
    outputs: jsonItems(value, records).map((item) => one(item, options)),
    version: isMembers(value) ? textOf(value["model_version"]) : null,
  };
}

/** An item for each record: a cell, a list of cells, or an object by a header's names. */
function csvItems(rows: Extract<Payload, { rows: unknown }>["rows"], records: number): readonly unknown[] {
  const cells = rows.map((row) => row.map(cellOf));
  const [first = []] = cells;
  const single = (row: readonly unknown[]): unknown => (row.length === 1 ? row[0] : row);
  if (rows.length === 1 && records > 1 && first.length === records) return first;
  const header = rows.length === records + 1 && first.every((cell) => typeof cell === "string");
  if (!header) return cells.map(single);
  return cells
    .slice(1)
    .map((row) => (first.length === 1 ? row[0] : Object.fromEntries(first.map((name, i) => [name, row[i]]))));
}

const cellOf = (text: string): unknown => {
  const cell = text.trim();
  return cell === "" ? null : Number.isFinite(Number(cell)) ? Number(cell) : cell;
};

function jsonItems(value: unknown, records: number): readonly unknown[] {
  const list = isMembers(value) ? listOf(value, records) : isList(value) ? value : undefined;
  if (list === undefined) return [value];
  // The numbers of both classes for a single record, without a list around them.
  const flat = records === 1 && list.length > 1 && list.every((item) => typeof item !== "object");
  return flat ? [list] : list;
}

/** The list of outputs for the records: under a server's name for it, as KServe's only tensor, or as a column. */
function listOf(value: Members, records: number): readonly unknown[] | undefined {
  const list = [value["predictions"], value["results"], value["outputs"]].find(isList);
  if (list === undefined)
    return [...probabilityNames, ...listNames]
      .map((name) => value[name])
      .find((column): column is readonly unknown[] => isList(column) && column.length === records);
  const [first] = list;
  return list.length === 1 && isMembers(first) && isList(first["data"]) ? first["data"] : list;
}

const failed = (problem: string, label: string | null = null): Output => ({ probability: null, label, problem });
const say = "say what it is with outputForm";

function one(item: unknown, options: OutputOptions): Output {
  if (isMembers(item)) return ofMembers(item, options);
  if (!isList(item)) return ofScalar(item, options);
  if (item.length === 1) return one(item[0], options);
  const [a, b] = item;
  if (item.length === 2 && typeof a === "string" && typeof b === "number") return ofLabeled(a, b, options);
  if (item.length === (options.target?.classes.length ?? 2)) {
    if (item.every((number) => typeof number === "number")) return ofClasses(item, options);
    if (item.every(isMembers)) return ofPairs(item, options);
  }
  return failed(`it holds ${item.length} values for a record, not a probability`);
}

function ofScalar(item: unknown, { output }: OutputOptions): Output {
  if (typeof item !== "string" && typeof item !== "number" && typeof item !== "boolean")
    return failed("it holds no probability");
  if (output === "label") return { probability: null, label: String(item).slice(0, 10_000) };
  if (typeof item === "string" && Number.isNaN(Number(item)))
    return failed("it is a label without a probability", textOf(item, 10_000));
  if (output !== undefined && output !== "probability") return failed(`it is one value, where outputForm is ${output}`);
  const probability = item === "" || typeof item === "boolean" ? null : probabilityOf(Number(item));
  if (probability === null) return failed("it is not a number from 0 to 1");
  const whole = output === undefined && (probability === 0 || probability === 1);
  return { probability, label: null, ...(whole ? { whole } : {}) };
}

/** The numbers of all classes, without a sign of which is the positive one's. */
function ofClasses(numbers: readonly number[], { output }: OutputOptions): Output {
  const chosen = output === "positiveFirst" ? numbers[0] : output === "positiveLast" ? numbers.at(-1) : undefined;
  if (chosen === undefined)
    return failed(
      `it is ${numbers.length} numbers, and it is unclear which belongs to the positive class; ${say}: positiveFirst or positiveLast`,
    );
  const probability = probabilityOf(chosen);
  return probability === null || numbers.some((number) => probabilityOf(number) === null)
    ? failed("its numbers are not from 0 to 1")
    : { probability, label: null };
}

/** A label and a number; some containers mean the label's probability, and some the positive class's. */
function ofLabeled(label: string, number: number, options: OutputOptions): Output {
  const { output, target } = options;
  const probability = probabilityOf(number);
  if (probability === null) return failed("its number is not from 0 to 1", label);
  if (output === "labelScore") return { probability, label };
  if (output !== "labelProbability")
    return failed(
      `it is a label and a number, and it is unclear whose probability the number is; ${say}: labelScore or labelProbability`,
      label,
    );
  if (target?.classes.includes(label) !== true) return failed("its label is not a class of the model", label);
  if (label !== target.positive && target.classes.length > 2)
    return failed(
      "it is the probability of one of several other classes, which does not tell the positive one's",
      label,
    );
  return { probability: label === target.positive ? probability : 1 - probability, label };
}

/** A label with its own score for each class. */
function ofPairs(pairs: readonly Members[], { target }: OutputOptions): Output {
  const mine = pairs.find((pair) => labelIn(pair) === target?.positive);
  const probability = mine === undefined ? null : probabilityOf(numberIn(mine));
  return probability === null ? failed("none of its labels is the positive class") : { probability, label: null };
}

const probabilityNames = ["probability", "score", "predicted_probability", "prediction_probability"] as const;
const labelNames = ["prediction", "predicted_label", "label"] as const;
const listNames = ["probabilities", "predicted_probabilities", "scores"] as const;
const aloneNames = ["prediction", "output", "value"] as const;

const numberIn = (item: Members): unknown =>
  probabilityNames.map((name) => item[name]).find((value) => typeof value === "number");
const labelIn = (item: Members): string | null => {
  const found = labelNames
    .map((name) => item[name])
    .find((value) => typeof value === "string" || typeof value === "number" || typeof value === "boolean");
  return found === undefined ? null : textOf(String(found), 10_000);
};

/**
 * Names in a pair of label and number that mark the number as the positive class's: our own, and the linear
 * learner's.
 */
const ofPositive = (item: Members): boolean =>
  ("prediction" in item && "probability" in item) ||
  ("predicted_label" in item && "score" in item) ||
  labelIn(item) === null;

function ofMembers(item: Members, options: OutputOptions): Output {
  if (options.output === "label") return { probability: null, label: labelIn(item) };
  const byClass =
    classesIn(item, options.target) ??
    listNames.map((name) => listIn(item, item[name], options.target)).find((found) => found !== undefined);
  const label = labelIn(item);
  if (byClass !== undefined)
    return probabilityOf(byClass) === null
      ? failed("its numbers are not from 0 to 1", label)
      : { probability: probabilityOf(byClass), label };
  const number = numberIn(item);
  if (typeof number === "number") {
    if (!ofPositive(item) && label !== null) return ofLabeled(label, number, options);
    return probabilityOf(number) === null
      ? failed("its number is not from 0 to 1", label)
      : { probability: number, label };
  }
  const list = listNames.map((name) => item[name]).find(isList);
  if (list !== undefined) return one(list, options);
  const alone = aloneNames
    .map((name) => item[name])
    .find((value) => typeof value === "number" || typeof value === "string");
  if (alone !== undefined) return ofScalar(alone, options);
  return failed(`no probability is under its names ${Object.keys(item).slice(0, 8).join(", ").slice(0, 200)}`);
}

/** The positive class's number of an object that names all classes. */
function classesIn(item: unknown, target: Target | undefined): number | undefined {
  if (
    !isMembers(item) ||
    target === undefined ||
    !target.classes.every((name) => Object.hasOwn(item, name) && typeof item[name] === "number")
  )
    return undefined;
  return item[target.positive] as number;
}

/** Returns the positive class's number from a list next to a list of class names, or from an object by class. */
function listIn(item: Members, list: unknown, target: Target | undefined): number | undefined {
  const names = [item["labels"], item["classes"], item["class_names"]].find(isList);
  if (!isList(list) || names === undefined || names.length !== list.length) return classesIn(list, target);
  return classesIn(Object.fromEntries(names.map((name, i) => [String(name), list[i]])), target);
}
