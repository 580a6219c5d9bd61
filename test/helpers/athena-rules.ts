const types = new Set(["bigint", "binary", "boolean", "date", "double", "float", "int", "string", "timestamp"]);
const icebergProperties = new Set(["table_type", "format"]);

/** What Athena would have against a statement that makes a table, external over files or Iceberg. */
export function athenaProblems(sql: string): string[] {
  const [, external, name, columnText, partition = "", rest = ""] =
    /^CREATE (EXTERNAL )?TABLE (?:IF NOT EXISTS )?(\S+) \(\n([^]*?)\n\)\nPARTITIONED BY \((.+)\)\n([^]*);\n$/.exec(
      sql,
    ) ?? [];
  if (name === undefined) return ["it is no statement that makes a table"];
  const columns = (columnText ?? "").split(",\n").map((line) => /^ {2}`([a-z0-9_]+)` (\S+)$/.exec(line));
  const names = columns.map((column) => column?.[1]);
  const properties = Object.fromEntries(
    [...rest.matchAll(/'([^']+)' = '([^']*)'/g)].map(([, key = "", value = ""]) => [key, value]),
  );
  const location = /^LOCATION '(s3:\/\/[^']+)'$/m.exec(rest)?.[1] ?? "";
  const isIceberg = properties["table_type"] === "ICEBERG";
  const [, day = ""] = /^`(\w+)` string$/.exec(partition) ?? [];
  const [, transformed = ""] = /^day\(`(\w+)`\)$/.exec(partition) ?? [];
  const typeOf = (column: string): string | undefined => columns[names.indexOf(column)]?.[2];
  const rules: readonly (readonly [isBroken: boolean, problem: string])[] = [
    [columns.includes(null), "a column is not a quoted name and a type"],
    [new Set(names).size < names.length, "a column occurs twice"],
    [columns.some((column) => column !== null && !types.has(column[2] ?? "")), "a type is none of Athena's"],
    [!location.endsWith("/"), "the location is no folder"],
    [isIceberg === (external !== undefined), "an Iceberg table is not external, another one is"],
    [isIceberg && !["date", "timestamp"].includes(typeOf(transformed) ?? ""), "the partition is by the day of no time"],
    [
      isIceberg && Object.keys(properties).some((key) => !icebergProperties.has(key)),
      "a property is none of Iceberg's",
    ],
    [!isIceberg && (day === "" || names.includes(day)), "the partition is no column of its own"],
    [!isIceberg && !/^STORED AS PARQUET$/m.test(rest), "the files are not read as Parquet"],
    [!isIceberg && properties["projection.enabled"] !== "true", "partitions would have to be registered"],
    [!isIceberg && properties[`projection.${day}.type`] !== "date", "the projection is of another column"],
    [
      !isIceberg && properties["storage.location.template"] !== `${location}\${${day}}/`,
      "the partitions are elsewhere",
    ],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
}
