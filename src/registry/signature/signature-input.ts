import { type Column, type NumberFormat, textLimits } from "../../data/contract/index.js";

type Declared<C extends Column> = C extends Column
  ? Omit<C, "role" | "optional" | "default" | "defaultFor" | "description" | "observed"> & {
      readonly required: boolean;
    }
  : never;

/**
 * One input of a model: the contract's declaration of a feature column, in one canonical form. `required`: a file
 * must have the column. `nullable`: the value may be missing, and the key absent from a record. `missing`: texts that
 * mean missing besides the empty one. Levels of an open category that were learned from data, and observed ranges,
 * are not part of it.
 */
export type SignatureInput = Declared<Column>;

/** The input of one kind. */
export type InputOf<Kind extends SignatureInput["kind"]> = Extract<SignatureInput, { kind: Kind }>;

const day = 86_400_000;
const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

/** Returns an object of the members with a value. */
const present = <const T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/**
 * A column of days drops the time before it compares, so its limits are days; limits that leave no day are unchanged.
 */
function days(min: number | undefined, max: number | undefined): { min: number | undefined; max: number | undefined } {
  const first = min && Math.ceil(min / day) * day;
  const last = max && Math.floor(max / day) * day;
  return first !== undefined && last !== undefined && first > last ? { min, max } : { min: first, max: last };
}

/** Returns a format without its defaults. */
const formatOf = ({ decimal, grouping, prefix, suffix, accounting }: NumberFormat): NumberFormat => ({
  decimal,
  ...present({ grouping, prefix, suffix, accounting: accounting === true ? accounting : undefined }),
});

/** Describes a feature column. Columns that accept the same values with the same meaning have equal inputs. */
export function inputOf(column: Column, origin: "declared" | "inferred"): SignatureInput {
  const { name, optional, nullable, default: otherwise, unit } = column;
  const base = {
    name,
    required: !optional && otherwise === undefined,
    nullable: nullable || optional || otherwise !== undefined,
    missing: sorted(column.missing.filter((text) => text !== "")),
    ...present({ unit }),
  };
  switch (column.kind) {
    case "number": {
      const { kind, integer, numberFormat, min, max, exclusiveMin, exclusiveMax, multipleOf } = column;
      // Of two limits on one side, only the narrower one matters.
      const lower = exclusiveMin !== undefined && exclusiveMin >= (min ?? -Infinity) ? { exclusiveMin } : { min };
      const upper = exclusiveMax !== undefined && exclusiveMax <= (max ?? Infinity) ? { exclusiveMax } : { max };
      return {
        ...base,
        kind,
        integer,
        ...present({ ...lower, ...upper, multipleOf, numberFormat: numberFormat && formatOf(numberFormat) }),
      };
    }
    case "boolean": {
      const { kind, truthy, falsy, caseSensitive } = column;
      const fold = (texts: readonly string[]): string[] =>
        sorted(caseSensitive ? texts : texts.map((text) => text.toLowerCase()));
      return { ...base, kind, truthy: fold(truthy), falsy: fold(falsy), caseSensitive };
    }
    case "date": {
      const { kind, precision, dateFormat, min, max } = column;
      return {
        ...base,
        kind,
        precision,
        ...present({ ...(precision === "date" ? days(min, max) : { min, max }), dateFormat }),
      };
    }
    case "category": {
      const { kind, levels, open } = column;
      return { ...base, kind, levels: open && origin === "inferred" ? [] : sorted(levels), open };
    }
    case "text": {
      const { kind, maxLength } = column;
      return { ...base, kind, ...(maxLength !== undefined && maxLength < textLimits.text ? { maxLength } : {}) };
    }
  }
}

/** Returns the column that accepts the described input, for the reader of cells. */
export function columnOf({ required, ...input }: SignatureInput): Column {
  return { ...input, role: "feature", optional: !required };
}
