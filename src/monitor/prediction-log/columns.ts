import type { Column, Contract } from "../../data/contract/index.js";

/** Types of columns, by their names in Athena. */
export type LogType = "string" | "double" | "bigint" | "boolean" | "date" | "timestamp";

/** A column of the log. */
export interface LogColumn {
  readonly name: string;
  readonly type: LogType;
}

/** A column that shows a feature. */
export interface FeatureColumn extends LogColumn {
  /** Its name in the contract. */
  readonly feature: string;
}

/** What is known about each prediction, besides the record that was sent. */
export const ownColumns = [
  { name: "prediction_id", type: "string" },
  { name: "id", type: "string" },
  { name: "predicted_at", type: "timestamp" },
  { name: "version", type: "string" },
  { name: "probability", type: "double" },
  { name: "label", type: "string" },
  { name: "treated", type: "boolean" },
  { name: "control", type: "boolean" },
  { name: "outcome", type: "bigint" },
  { name: "outcome_state", type: "string" },
] as const satisfies readonly LogColumn[];

/** The partition of a table over the log's files. */
export const dayColumn = "day";

function typeOf(column: Column): LogType {
  switch (column.kind) {
    case "number":
      return column.integer ? "bigint" : "double";
    case "boolean":
      return "boolean";
    case "date":
      return column.precision === "date" ? "date" : "timestamp";
    default:
      return "string";
  }
}

/** A name as Athena has them: lower case, with underscores. */
const plainName = (name: string): string =>
  name
    .normalize("NFKD")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "") || "column";

/** The columns of features. A name that another column has gets a number. */
export function featureColumns({ columns }: Contract): FeatureColumn[] {
  const taken = new Set<string>([dayColumn, ...ownColumns.map(({ name }) => name)]);
  return columns
    .filter(({ role }) => role === "feature")
    .map((column) => {
      const base = plainName(column.name);
      let name = base;
      for (let i = 2; taken.has(name); i++) name = `${base}_${i}`;
      taken.add(name);
      return { name, type: typeOf(column), feature: column.name };
    });
}

/** Every column of the log, in order. */
export const logColumns = (contract: Contract): LogColumn[] => [
  ...ownColumns,
  ...featureColumns(contract).map(({ name, type }) => ({ name, type })),
];
