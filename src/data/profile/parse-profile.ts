import {
  count,
  counts,
  increasing,
  list,
  literal,
  nullable,
  number,
  numbers,
  object,
  oneOf,
  optional,
  text,
  texts,
  variants,
  version,
  where,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { parseExact } from "./exact-sum.js";
import {
  profileLimits,
  type CategoryProfile,
  type ColumnProfile,
  type NumericProfile,
  type Profile,
} from "./profile.js";

const head = { name: text(profileLimits.text), missing: count(), unread: optional(literal(true)) };
const exact = where(text(profileLimits.text), (sum) => parseExact(sum) !== undefined, 'an exact sum such as "-1f5p-3"');

const numeric: Decoder<NumericProfile> = (json) => {
  const profile = object({
    ...head,
    kind: oneOf(["number", "boolean", "date"]),
    of: optional(oneOf(["predictions", "length"])),
    // The deciles are added to the requested cut points.
    cuts: increasing(numbers(profileLimits.cutPoints + 9)),
    deciles: increasing(numbers(9)),
    min: nullable(number()),
    max: nullable(number()),
    moments: object({ origin: number(), sum: exact, squares: exact }),
  })(json);
  const known = new Set(profile.cuts);
  if (!profile.deciles.every((edge) => known.has(edge))) throw json.get("deciles").not("deciles among the cuts");
  return { ...profile, counts: counts(2 * profile.cuts.length + 1)(json.get("counts")) };
};

const levels = (max: number): Decoder<string[]> => texts(max, profileLimits.text);

const category: Decoder<CategoryProfile> = (json) => {
  const profile = object({
    ...head,
    kind: oneOf(["category", "text"]),
    levels: where(levels(profileLimits.levels), (names) => new Set(names).size === names.length, "different levels"),
    other: count(),
    newLevels: levels(profileLimits.newLevels),
  })(json);
  return { ...profile, counts: counts(profile.levels.length)(json.get("counts")) };
};

const column: Decoder<ColumnProfile> = variants("kind", {
  number: numeric,
  boolean: numeric,
  date: numeric,
  category,
  text: category,
});

/** A profile as a part of another document. */
export const profileDecoder: Decoder<Profile> = object({
  format: version(1),
  rows: count(),
  columns: where(
    list(column, profileLimits.columns),
    (columns) => new Set(columns.map(({ name }) => name)).size === columns.length,
    "columns with different names",
  ),
});

const malformed = documentError("INPUT_MALFORMED", "", "Write profiles with profileTable.");

/**
 * Reads a profile from untrusted JSON: checks every member, its limits and that counts fit cut points and levels;
 * unknown members are dropped.
 *
 * @param json the parsed JSON.
 * @param file a name for messages.
 * @throws ChurnkitError INPUT_MALFORMED naming the path of the problem.
 *
 * @example
 * ```ts
 * import { parseProfile, profileTable, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const json = JSON.stringify(profileTable(table));
 * console.assert(parseProfile(JSON.parse(json)).rows === 400);
 * ```
 */
export const parseProfile = (json: unknown, file = "The profile"): Profile =>
  profileDecoder(JsonValue.of(json, file, malformed));
