import { ChurnkitError } from "../../base/errors.js";
import type { Finding } from "./rules.js";
import { contractProblems } from "./check-contract.js";
import { dateFormatProblem } from "./cells/date-format.js";
import { cutText, describeValue } from "./cells/issue.js";
import { nearestText } from "./cells/nearest.js";
import type { Column, Contract, Target } from "./contract.js";
import { ignoreColumns } from "./ignore.js";
import { inferMissing, inferType } from "./infer/column.js";
import { columnNotes } from "./infer/notes.js";
import { inferTarget, targetCandidates, targetClasses } from "./infer/infer-target.js";
import { tally, type ColumnFacts, type Tally, type WrittenForms } from "./infer/tally.js";
import { unfitFinding } from "./infer/unfit.js";
import { namesProblems } from "./limits.js";
import { throwProblems } from "./problem.js";
import type { ColumnType } from "./zod/lowered.js";

/** Facts that the caller knows about the data. */
export interface InferenceOptions {
  /** The contract's name; "dataset" by default. */
  readonly name?: string | undefined;
  /** The column to predict. */
  readonly target?: string | undefined;
  /** The label of the target whose probability the model returns; guessed from labels such as "Yes" or "1". */
  readonly positive?: string | undefined;
  /**
   * Let the target hold up to 20 classes, and train a model that gives each a probability. Default false: a third label is
   * a mistake in the data.
   */
  readonly multiclass?: boolean | undefined;
  /** The columns that identify a record. */
  readonly id?: string | readonly string[] | undefined;
  /** Columns of free text to learn from, such as reviews; free text that is not named here is left out. */
  readonly text?: string | readonly string[] | undefined;
  /** Columns to leave out of the features, such as one that is known only after the customer has left. */
  readonly ignore?: readonly string[] | undefined;
  /** A name for messages: the file's path. */
  readonly source?: string | undefined;
  /** The decimal mark of all numbers, for ambiguous cells: `1,234` is 1.234 by a comma, 1234 by a point. */
  readonly decimal?: "." | "," | undefined;
  /** Format of dates, for ambiguous cells: `dd/MM/yyyy`. Columns of dates in another form are still found. */
  readonly dateFormat?: string | undefined;
}

/** Result of an inference. */
export interface InferredContract {
  readonly contract: Contract;
  /** Columns left out, texts read as missing, cells that will be refused. */
  readonly findings: readonly Finding[];
  /** Two-valued columns, the most likely target first. */
  readonly candidates: readonly string[];
}

/** Collects rows of text cells and then suggests a contract. Memory does not grow with the rows. */
export interface ContractInference {
  /**
   * Names the columns; called once, first.
   *
   * @throws ChurnkitError INPUT_COLUMNS for an empty, repeated or forbidden name.
   */
  header(names: readonly string[]): void;
  /** Adds one data row. Blanks around texts do not count; an absent cell is empty. */
  row(cells: readonly string[]): void;
  /**
   * Ends the data.
   *
   * @throws ChurnkitError INPUT_EMPTY without a header or rows; INPUT_COLUMNS if the target, an id or a column to
   * ignore is absent; TARGET_INVALID if the target does not have exactly two classes or the positive one never
   * occurs.
   */
  finish(options?: Omit<InferenceOptions, keyof WrittenForms>): InferredContract;
}

function checkNames(names: readonly string[], source: string): void {
  const [problem] = namesProblems(names);
  if (problem === undefined) return;
  throw new ChurnkitError("INPUT_COLUMNS", `${source}: the header cannot be used: ${problem}.`, {
    where: { file: source },
  });
}

function requireColumn(what: string, name: string, names: readonly string[], source: string): void {
  if (names.includes(name)) return;
  const near = nearestText(name, names);
  const [first = ""] = names;
  const hint =
    near !== undefined
      ? `Did you mean "${near}"?`
      : names.length === 1
        ? `The only column is ${JSON.stringify(cutText(first))}; is the delimiter right?`
        : `The columns are ${cutText(names.join(", "), 300)}.`;
  throw new ChurnkitError("INPUT_COLUMNS", `${source}: it has no ${what} column "${cutText(name)}". ${hint}`, {
    where: { file: source, column: name },
  });
}

/**
 * Ids are texts, whatever they look like: `007`, `2E1` and `1000.0` must stay unchanged, and later ones may have
 * another form. For the same reason only the empty text means that an id is missing.
 */
const idColumn = (name: string): Column => ({
  name,
  role: "id",
  nullable: true,
  optional: false,
  missing: [],
  kind: "category",
  levels: [],
  open: true,
});

function targetColumn(name: string, facts: ColumnFacts): Column {
  const missing = [...facts.markers.keys()];
  const levels = targetClasses(facts);
  return { name, role: "target", nullable: false, optional: false, missing, kind: "category", levels, open: false };
}

const listOf = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === "string" ? [names] : names;

function checkForms({ decimal, dateFormat }: WrittenForms): void {
  const given: unknown = decimal;
  if (given !== undefined && given !== "." && given !== ",") {
    throw new ChurnkitError("OPTION_INVALID", `decimal is ${describeValue(given)}; it must be "." or ",".`, {
      where: { value: given },
    });
  }
  const problem = dateFormat === undefined ? undefined : dateFormatProblem(dateFormat);
  if (problem !== undefined)
    throw new ChurnkitError("OPTION_INVALID", `In dateFormat, ${problem}.`, { where: { value: dateFormat } });
}

/**
 * Starts an inference. The result depends on the rows and their order only, not on how they are read.
 *
 * @param forms formats of numbers and dates, where known.
 * @throws ChurnkitError OPTION_INVALID for an invalid decimal mark or date format.
 */
export function contractInference(forms: Pick<InferenceOptions, keyof WrittenForms> = {}): ContractInference {
  checkForms(forms);
  let names: readonly string[] = [];
  let tallies: Tally[] = [];
  let rows = 0;
  return {
    header(given) {
      checkNames(given, "the data");
      names = [...given];
      tallies = names.map(() => tally(forms));
    },
    row(cells) {
      rows++;
      tallies.forEach((column, i) => column.add((cells[i] ?? "").trim()));
    },
    finish(options = {}) {
      const { name = "dataset", target: targetName, positive, source = "the data" } = options;
      const ids = listOf(options.id);
      const texts = listOf(options.text);
      if (names.length === 0)
        throw new ChurnkitError("INPUT_EMPTY", `${source}: the header is missing. Give a file with column names.`, {
          where: { file: source },
        });
      if (targetName !== undefined) requireColumn("target", targetName, names, source);
      for (const id of ids) requireColumn("id", id, names, source);
      for (const text of texts) requireColumn("text", text, names, source);
      if (rows === 0)
        throw new ChurnkitError("INPUT_EMPTY", `${source}: the file has a header but no data row.`, {
          where: { file: source },
        });
      if (targetName !== undefined && ids.includes(targetName)) {
        throw new ChurnkitError("INPUT_COLUMNS", `${source}: "${targetName}" cannot be both id and target.`, {
          where: { file: source, column: targetName },
        });
      }
      const other = texts.find((text) => text === targetName || ids.includes(text));
      if (other !== undefined) {
        const role = other === targetName ? "target" : "id";
        throw new ChurnkitError("INPUT_COLUMNS", `${source}: "${other}" cannot be both ${role} and text.`, {
          where: { file: source, column: other },
        });
      }
      const inferred = conclude(
        name,
        names,
        tallies.map((column) => column.facts()),
        { ids, texts, targetName, positive, source, multiclass: options.multiclass },
      );
      return options.ignore === undefined ? inferred : withIgnored(inferred, options.ignore, source);
    },
  };
}

interface Wishes {
  readonly ids: readonly string[];
  readonly texts: readonly string[];
  readonly targetName: string | undefined;
  readonly positive: string | undefined;
  readonly multiclass: boolean | undefined;
  readonly source: string;
}

function conclude(
  name: string,
  names: readonly string[],
  facts: readonly ColumnFacts[],
  wishes: Wishes,
): InferredContract {
  const findings: Finding[] = [];
  let target: Target | undefined;
  const columns = names.map((column, i): Column => {
    const seen = facts[i] ?? tally().facts();
    if (column === wishes.targetName) {
      target = inferTarget(column, seen, wishes);
      return targetColumn(column, seen);
    }
    if (wishes.ids.includes(column)) return idColumn(column);
    const isText = wishes.texts.includes(column);
    const type: ColumnType = isText ? { kind: "text" } : inferType(seen);
    const unfit = unfitFinding(column, seen, type, isText);
    findings.push(...(unfit === undefined ? columnNotes(column, seen, type) : [unfit]));
    const missing = inferMissing(seen, type);
    return {
      name: column,
      role: unfit === undefined ? "feature" : "ignored",
      // A model that never saw a missing value here cannot handle one: the row is refused, with the reason.
      nullable: unfit !== undefined || seen.empty > 0 || missing.length > 0,
      optional: false,
      missing,
      ...type,
    };
  });
  const contract: Contract = {
    format: 1,
    name,
    origin: "inferred",
    columns,
    ...(target === undefined ? {} : { target }),
  };
  throwProblems(name, contractProblems(contract));
  return { contract, findings, candidates: targetCandidates(names, facts) };
}

/** Drops findings about ignored columns. */
function withIgnored(
  { contract, findings, candidates }: InferredContract,
  names: readonly string[],
  source: string,
): InferredContract {
  const used = (name: string | null): boolean => name === null || !names.includes(name);
  return {
    contract: ignoreColumns(contract, names, source),
    findings: findings.filter(({ column }) => used(column)),
    candidates: candidates.filter(used),
  };
}

/**
 * Infers a contract from rows of text cells: kinds, observed ranges, levels (up to 50, open for labels
 * not seen), missing markers, dates, columns that identify rows or hold free text or one value (role `ignored`, with a
 * finding). Free text becomes a feature where `text` names its column.
 *
 * @throws ChurnkitError INPUT_EMPTY, INPUT_COLUMNS, TARGET_INVALID, OPTION_INVALID.
 * @example
 * ```ts
 * import { inferContract } from "churnkit/data";
 *
 * const { contract, findings } = inferContract(
 *   ["tenure", "plan", "churned"],
 *   [["12", "basic", "No"], ["3", "plus", "Yes"]],
 *   { target: "churned", positive: "Yes" },
 * );
 * console.log(contract.columns.map(({ name, kind }) => `${name}: ${kind}`), findings.length);
 * ```
 */
export function inferContract(
  names: readonly string[],
  rows: Iterable<readonly string[]>,
  options: InferenceOptions = {},
): InferredContract {
  const inference = contractInference(options);
  inference.header(names);
  for (const row of rows) inference.row(row);
  return inference.finish(options);
}
