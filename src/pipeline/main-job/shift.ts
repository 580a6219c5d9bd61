import { rankAuc } from "../../stats/ranks/index.js";
import { mix32 } from "../../base/random.js";
import { labels, recordOf, type RecordValue, type Table } from "../../data/table/index.js";

/** Factor of an upstream change of unit: months that become days. */
const unit = 30;

/**
 * Simulates a careless change upstream: the number that predicts the target best arrives in another unit, and in
 * every third row the category with the most levels (at most ten) falls back to its first level.
 */
export function shiftRecords(
  table: Table,
  seed: number,
): { readonly records: Record<string, RecordValue>[]; readonly story: string } {
  const number = strongestNumber(table);
  const category = widestCategory(table);
  const records = Array.from({ length: table.rows }, (_, row) => {
    const record = recordOf(table, row);
    const value = number === undefined ? undefined : record[number];
    if (number !== undefined && typeof value === "number") record[number] = value * unit;
    if (category && mix32(mix32(seed) ^ row) % 3 === 0) record[category.name] = category.level;
    return record;
  });
  const changes = [
    ...(number === undefined ? [] : [`${number} arrives in another unit (times ${unit})`]),
    ...(category ? [`${category.name} falls back to ${category.level} in every third row`] : []),
  ];
  return { records, story: changes.join(", ") };
}

function strongestNumber(table: Table): string | undefined {
  const truth = labels(table);
  let strongest: { name: string; strength: number } | undefined;
  for (const { name, role, kind } of table.contract.columns) {
    const data = table.columns.get(name);
    if (role !== "feature" || kind !== "number" || data?.storage !== "numeric") continue;
    if (new Set(data.values).size <= 10) continue;
    const strength = Math.abs(
      (rankAuc(
        truth,
        data.values.map((value) => (Number.isNaN(value) ? 0 : value)),
      ) ?? 0.5) - 0.5,
    );
    if (strength > (strongest?.strength ?? -1)) strongest = { name, strength };
  }
  return strongest?.name;
}

function widestCategory(table: Table): { readonly name: string; readonly level: string } | undefined {
  const [widest] = table.contract.columns
    .flatMap((column) => (column.role === "feature" && column.kind === "category" ? [column] : []))
    .filter(({ levels }) => levels.length >= 2 && levels.length <= 10)
    .sort((a, b) => b.levels.length - a.levels.length);
  const level = widest?.levels[0];
  return widest && level !== undefined ? { name: widest.name, level } : undefined;
}
