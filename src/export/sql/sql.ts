import { ChurnkitError } from "../../base/errors.js";
import type { Column } from "../../data/contract/index.js";
import type { ModelNode } from "../../model/artifact.js";
import type { Exported } from "../exported.js";
import type { AnswerNodes } from "../graph/answer.js";
import { graphOf } from "../graph/graph.js";
import { quotedName, quotedText } from "./literals.js";
import { SqlWriter } from "./writer.js";

/** Options of {@link toSql}. */
export interface SqlOptions {
  /** The table or view to score, such as `customers` or `lake.crm.customers`. Default `customers`. */
  readonly table?: string | undefined;
  /** Columns of the table to pass on. Default: the contract's ids. */
  readonly keys?: readonly string[] | undefined;
  /** The database: the text is the same, but Athena takes no more than 262,144 bytes. Default `athena`. */
  readonly dialect?: "athena" | "duckdb" | undefined;
}

/** Bytes of Athena's longest query. */
const athenaLimit = 262_144;

/**
 * Writes a linear model or trees as one SELECT that scores a table, in DuckDB, Athena and Trino. It gives the keys, the
 * `probability` and the `label` of each row, and the probability of each class where there are more than two, such as
 * `probability_basic`; all are NULL for a row that breaks the contract. The columns of the table have
 * the contract's types: numbers, BOOLEAN (or the contract's texts), DATE or TIMESTAMP, VARCHAR.
 *
 * @throws ChurnkitError OPTION_INVALID for a network, where free text is a feature, and where Athena would not take the SQL.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { toSql } from "churnkit/export";
 * import { logistic, train } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const model = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * const sql = toSql(model.artifact, { table: "crm.customers" });
 * console.assert(sql.startsWith("WITH ") && sql.includes('FROM "crm"."customers"'));
 * ```
 */
export function toSql(artifact: Exported, options: SqlOptions = {}): string {
  const { contract, model } = artifact;
  const { table = "customers", dialect = "athena" } = options;
  const ids = contract.columns.flatMap(({ name, role }) => (role === "id" ? [name] : []));
  const keys = options.keys ?? ids;
  if (hasNetwork(model)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      "A network cannot be written as SQL. Train a linear model or trees (logistic, boosting, forest), or export JavaScript or ONNX.",
    );
  }
  const { columns, ...answer } = graphOf(artifact, "texts");
  const names = new Map(columns.map(({ name }, i) => [name, `c${i}`]));
  const writer = new SqlWriter((column) => names.get(column) ?? "NULL");
  const answers = answerTexts(writer, answer, contract.target?.classes ?? []);
  const read = [
    ...keys.map((key, i) => `${quotedName(key)} AS k${i}`),
    ...columns.map((column, i) => `${readText(column)} AS c${i}`),
  ];
  const from = table.split(".").map(quotedName).join(".");
  const steps = writer.steps.map((step) => ["*", ...step]);
  const taken = [...keys];
  const named = answers.map(([name, text]) => {
    const unused = unusedName(name, taken);
    taken.push(unused);
    return `${text} AS ${quotedName(unused)}`;
  });
  const last = [...keys.map((key, i) => `k${i} AS ${quotedName(key)}`), ...named];
  const selects = [read, ...steps].map((list, i) => `s${i} AS (${select(list, i === 0 ? from : `s${i - 1}`)})`);
  const text = `WITH ${selects.join(",\n")}\n${select(last, `s${steps.length}`)}\n`;
  const bytes = new TextEncoder().encode(text).length;
  if (dialect === "athena" && bytes > athenaLimit) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The SQL has ${bytes} bytes, and Athena takes ${athenaLimit}. Train fewer or smaller trees, or write it for DuckDB (dialect "duckdb").`,
    );
  }
  return text;
}

const select = (list: readonly string[], from: string): string => `SELECT\n  ${list.join(",\n  ")}\nFROM ${from}`;

/** A name that no key has; databases take capital and small letters for the same. */
const unusedName = (name: string, keys: readonly string[]): string =>
  keys.some((key) => key.toLowerCase() === name.toLowerCase()) ? unusedName(`${name}_`, keys) : name;

const hasNetwork = (model: ModelNode): boolean =>
  model.kind === "network" || ("members" in model && model.members.some(hasNetwork));

/** The columns of the answer, by name. */
function answerTexts(
  writer: SqlWriter,
  { probability, classes, labels }: AnswerNodes,
  names: readonly string[],
): (readonly [name: string, text: string])[] {
  const [score = "", ...rest] = writer.write([
    probability,
    ...classes,
    ...labels.flatMap((each) => [each.value, each.least]),
  ]);
  const bounds = rest.slice(classes.length);
  const cases = labels.map(
    ({ label }, i) => ` WHEN ${bounds[2 * i] ?? ""} >= ${bounds[2 * i + 1] ?? ""} THEN ${quotedText(label)}`,
  );
  return [
    ["probability", score],
    ["label", `CASE${cases.join("")} END`],
    ...classes.map((_, k) => [`probability_${names[k] ?? ""}`, rest[k] ?? ""] as const),
  ];
}

/** What `trim` of JavaScript removes. */
const blanks = quotedText(
  "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
);

/** A column of the table as the graph takes it. */
function readText({ name, kind }: Column): string {
  const column = quotedName(name);
  switch (kind) {
    case "number":
      return `CAST(${column} AS DOUBLE)`;
    case "date":
      return `CAST(date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', CAST(${column} AS TIMESTAMP)) AS DOUBLE)`;
    case "boolean":
    case "category":
    case "text":
      return `TRIM(BOTH ${blanks} FROM CAST(${column} AS VARCHAR))`;
  }
}
