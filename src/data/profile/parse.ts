import { ChurnkitError } from "../../base/errors.js";
import { parseExact } from "./exact-sum.js";
import {
  profileLimits,
  type CategoryProfile,
  type ColumnProfile,
  type NumericProfile,
  type Profile,
} from "./profile.js";

/**
 * Reads a profile from JSON that anybody may have written: checks every member, its limits and that counts fit cut
 * points and levels; unknown members are dropped.
 *
 * @param json the parsed JSON.
 * @param file a name for messages.
 * @throws ChurnkitError INPUT_MALFORMED naming the path of what is wrong.
 */
export function parseProfile(json: unknown, file?: string): Profile {
  const reader = new Reader(file);
  const { format, rows, columns } = reader.object(json, "$");
  if (format !== 1) reader.fail("$.format", "1", format);
  const parsed = reader
    .array(columns, "$.columns", profileLimits.columns)
    .map((column, i) => parseColumn(reader, column, `$.columns[${i}]`));
  if (new Set(parsed.map(({ name }) => name)).size !== parsed.length) {
    reader.fail("$.columns", "columns with different names", "a repeated name");
  }
  return { format: 1, rows: reader.count(rows, "$.rows"), columns: parsed };
}

function parseColumn(reader: Reader, json: unknown, path: string): ColumnProfile {
  const column = reader.object(json, path);
  const name = reader.text(column["name"], `${path}.name`);
  const missing = reader.count(column["missing"], `${path}.missing`);
  const { unread } = column;
  if (unread !== undefined && unread !== true) reader.fail(`${path}.unread`, "true or absent", unread);
  const head = { name, missing, ...(unread === true ? ({ unread } as const) : {}) };
  const kind = column["kind"];
  if (kind === "number" || kind === "boolean" || kind === "date")
    return parseNumeric(reader, column, path, { ...head, kind });
  if (kind === "category" || kind === "text") return parseCategory(reader, column, path, { ...head, kind });
  return reader.fail(`${path}.kind`, "a column kind", kind);
}

function parseNumeric(
  reader: Reader,
  column: Members,
  path: string,
  head: Pick<NumericProfile, "name" | "missing" | "kind" | "unread">,
): NumericProfile {
  // The deciles come on top of the cut points asked for.
  const cuts = reader.increasing(column["cuts"], `${path}.cuts`, profileLimits.cutPoints + 9);
  const deciles = reader.increasing(column["deciles"], `${path}.deciles`, 9);
  const known = new Set(cuts);
  if (!deciles.every((edge) => known.has(edge))) reader.fail(`${path}.deciles`, "deciles among the cuts", deciles);
  const counts = reader.counts(column["counts"], `${path}.counts`, 2 * cuts.length + 1);
  const moments = reader.object(column["moments"], `${path}.moments`);
  const extreme = (value: unknown, at: string): number | null => (value === null ? null : reader.number(value, at));
  const { of } = column;
  if (of !== undefined && of !== "predictions") reader.fail(`${path}.of`, '"predictions" or absent', of);
  return {
    ...head,
    ...(of === undefined ? {} : { of: "predictions" }),
    cuts,
    deciles,
    counts,
    min: extreme(column["min"], `${path}.min`),
    max: extreme(column["max"], `${path}.max`),
    moments: {
      origin: reader.number(moments["origin"], `${path}.moments.origin`),
      sum: reader.exact(moments["sum"], `${path}.moments.sum`),
      squares: reader.exact(moments["squares"], `${path}.moments.squares`),
    },
  };
}

function parseCategory(
  reader: Reader,
  column: Members,
  path: string,
  head: Pick<CategoryProfile, "name" | "missing" | "kind" | "unread">,
): CategoryProfile {
  const texts = (value: unknown, at: string, limit: number): string[] =>
    reader.array(value, at, limit).map((text, i) => reader.text(text, `${at}[${i}]`));
  const levels = texts(column["levels"], `${path}.levels`, profileLimits.levels);
  if (new Set(levels).size !== levels.length) reader.fail(`${path}.levels`, "different levels", "a repeated level");
  return {
    ...head,
    levels,
    counts: reader.counts(column["counts"], `${path}.counts`, levels.length),
    other: reader.count(column["other"], `${path}.other`),
    newLevels: texts(column["newLevels"], `${path}.newLevels`, profileLimits.newLevels),
  };
}

type Members = Readonly<Record<string, unknown>>;

/** Checks one JSON value after another, all in the same words. */
class Reader {
  constructor(private readonly file: string | undefined) {}

  fail(path: string, expected: string, value: unknown): never {
    const shown = (JSON.stringify(value) ?? "nothing").slice(0, 80);
    const place = this.file === undefined ? "" : `${this.file}: `;
    throw new ChurnkitError(
      "INPUT_MALFORMED",
      `${place}not a profile: ${path} should be ${expected}, and is ${shown}. Write profiles with profileTable.`,
      { where: { file: this.file, path, value } },
    );
  }

  object(value: unknown, path: string): Members {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
    return this.fail(path, "an object", value);
  }

  array(value: unknown, path: string, limit: number): readonly unknown[] {
    if (Array.isArray(value) && value.length <= limit) return value;
    return this.fail(path, `an array of at most ${limit}`, Array.isArray(value) ? `${value.length} items` : value);
  }

  text(value: unknown, path: string): string {
    if (typeof value === "string" && value.length <= profileLimits.text) return value;
    return this.fail(path, `a text of at most ${profileLimits.text} characters`, value);
  }

  number(value: unknown, path: string): number {
    return typeof value === "number" && Number.isFinite(value) ? value : this.fail(path, "a finite number", value);
  }

  count(value: unknown, path: string): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    return this.fail(path, "a count", value);
  }

  counts(value: unknown, path: string, length: number): readonly number[] {
    const items = this.array(value, path, length);
    // Paths are made for what is wrong only: a profile holds thousands of numbers.
    const wrong = items.findIndex((item) => !Number.isSafeInteger(item) || (item as number) < 0);
    if (wrong >= 0) this.count(items[wrong], `${path}[${wrong}]`);
    return items.length === length ? (items as readonly number[]) : this.fail(path, `${length} counts`, `${items.length} counts`);
  }

  increasing(value: unknown, path: string, limit: number): readonly number[] {
    const items = this.array(value, path, limit) as readonly number[];
    const wrong = items.findIndex((item) => !Number.isFinite(item));
    if (wrong >= 0) this.number(items[wrong], `${path}[${wrong}]`);
    const falling = items.findIndex((item, i) => i > 0 && item <= (items[i - 1] as number));
    if (falling >= 0) this.fail(`${path}[${falling}]`, "larger than the one before", items[falling]);
    return items;
  }

  exact(value: unknown, path: string): string {
    const text = this.text(value, path);
    return parseExact(text) === undefined ? this.fail(path, 'an exact sum such as "-1f5p-3"', value) : text;
  }
}
