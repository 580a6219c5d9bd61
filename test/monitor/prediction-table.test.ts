import { describe, expect, it } from "vitest";
import { syntheticContract } from "../../src/data/index.js";
import { predictionTable } from "../../src/monitor/index.js";
import { athenaProblems } from "../helpers/athena-rules.js";

const table = (format: "files" | "iceberg"): string =>
  predictionTable(syntheticContract, {
    table: "churn.predictions",
    location: "s3://churn-data/churn-dev/log/",
    format,
  });

describe("tables of predictions", () => {
  it.each(["files", "iceberg"] as const)("over %s are what they were, and Athena would take them", async (format) => {
    await expect(table(format)).toMatchFileSnapshot(`../aws/golden/predictions-${format}.sql`);
    expect(athenaProblems(table(format))).toEqual([]);
  });

  it.each<["files" | "iceberg", string, string, RegExp]>([
    ["files", "`label` string", "`id` string", /occurs twice/],
    ["files", "`probability` double", "`probability` decimal", /none of Athena's/],
    ["files", "`probability` double", "probability double", /not a quoted name/],
    ["files", "EXTERNAL ", "", /another one is/],
    ["files", "(`day` string)", "(`label` string)", /no column of its own/],
    ["files", "STORED AS PARQUET", "STORED AS ORC", /not read as Parquet/],
    ["files", "projection.day.type", "projection.date.type", /another column/],
    ["files", "/${day}/", "/day=${day}/", /elsewhere/],
    ["files", "LOCATION 's3://churn-data/churn-dev/log/'", "LOCATION 's3://churn-data/log'", /no folder/],
    ["iceberg", "day(`predicted_at`)", "day(`label`)", /of no time/],
    ["iceberg", "CREATE TABLE", "CREATE EXTERNAL TABLE", /is not external/],
    ["iceberg", "'format' = 'parquet'", "'stored_as' = 'parquet'", /none of Iceberg's/],
  ])("over %s with %s as %s are found out", (format, from, to, found) => {
    expect(table(format)).toContain(from);
    expect(athenaProblems(table(format).replace(from, to)).join()).toMatch(found);
  });
});
