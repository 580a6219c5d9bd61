import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import { dayColumn, logColumns } from "./columns.js";

/** How a table is made. */
export interface PredictionTableOptions {
  /** Name of the table, perhaps with its database: `churn.predictions`. */
  readonly table: string;
  /** Where its files are: `s3://churn-data/churn-dev/prediction-log/`. */
  readonly location: string;
  /**
   * `files` (default): an external table over the files that `updatePredictionLog` writes, with partitions that need no registration.
   * `iceberg`: an empty Iceberg table with the same columns, to be filled from one over files.
   */
  readonly format?: "files" | "iceberg" | undefined;
  /** First day of a table over files. Default 2020-01-01. */
  readonly since?: string | undefined;
}

const quoted = (name: string): string => `\`${name}\``;

/**
 * The statement for Athena that makes a table of predictions, with the columns of a contract.
 *
 * @throws ChurnkitError OPTION_INVALID.
 * @example
 * ```ts
 * import { syntheticContract } from "churnkit/data";
 * import { predictionTable } from "churnkit/monitor";
 *
 * const sql = predictionTable(syntheticContract, {
 *   table: "churn.predictions",
 *   location: "s3://churn-data/churn-dev/prediction-log/",
 * });
 * console.assert(sql.includes("`tenure_months` bigint"));
 * ```
 */
export function predictionTable(
  contract: Contract,
  { table, location, format = "files", since = "2020-01-01" }: PredictionTableOptions,
): string {
  require_(/^(\w+\.)?\w+$/.test(table), "table", table, "a name such as churn.predictions");
  require_(/^s3:\/\/[^'`\s]+\/$/.test(location), "location", location, "a folder such as s3://churn-data/log/");
  require_(/^\d{4}-\d{2}-\d{2}$/.test(since), "since", since, "a day such as 2026-02-01");
  const name = table.split(".").map(quoted).join(".");
  const columns = logColumns(contract).map((column) => `  ${quoted(column.name)} ${column.type}`);
  const lines =
    format === "iceberg"
      ? [
          `CREATE TABLE ${name} (`,
          `${columns.join(",\n")}`,
          ")",
          "PARTITIONED BY (day(`predicted_at`))",
          `LOCATION '${location}'`,
          "TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet')",
        ]
      : [
          `CREATE EXTERNAL TABLE IF NOT EXISTS ${name} (`,
          `${columns.join(",\n")}`,
          ")",
          `PARTITIONED BY (${quoted(dayColumn)} string)`,
          "STORED AS PARQUET",
          `LOCATION '${location}'`,
          "TBLPROPERTIES (",
          "  'projection.enabled' = 'true',",
          `  'projection.${dayColumn}.type' = 'date',`,
          `  'projection.${dayColumn}.range' = '${since},NOW',`,
          `  'projection.${dayColumn}.format' = 'yyyy-MM-dd',`,
          `  'storage.location.template' = '${location}\${${dayColumn}}/'`,
          ")",
        ];
  return `${lines.join("\n")};\n`;
}

function require_(holds: boolean, path: string, value: string, expected: string): void {
  if (holds) return;
  throw new ChurnkitError("OPTION_INVALID", `The ${path} of a table of predictions must be ${expected}.`, {
    where: { path, value: value.slice(0, 200) },
  });
}
