/**
 * Kinds of columns, declared once. `storage` says which typed array a table keeps it in; everything that differs
 * by kind elsewhere is keyed by this table's names.
 */
export const columnKinds = {
  /** A real or whole number. Stored as float64, NaN for missing. */
  number: { storage: "numeric" },
  /** True or false. Stored as 1 or 0, NaN for missing. */
  boolean: { storage: "numeric" },
  /** A day or an instant. Stored as milliseconds since 1970 UTC, NaN for missing. */
  date: { storage: "numeric" },
  /** One of a set of labels. Stored as a code into `levels`, -1 for missing. */
  category: { storage: "coded" },
  /** Free text. Stored as a code into the distinct texts seen, -1 for missing. */
  text: { storage: "coded" },
} as const;

/** A name of {@link columnKinds}. */
export type ColumnKind = keyof typeof columnKinds;

/** Role of a column. Only `feature` columns reach the model. */
export const columnRoles = ["feature", "id", "target", "ignored"] as const;
/** A name of {@link columnRoles}. */
export type ColumnRole = (typeof columnRoles)[number];

/** A closed interval. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

interface ColumnBase {
  readonly name: string;
  readonly role: ColumnRole;
  /** May a value be missing (null, or one of `missing` in text)? */
  readonly nullable: boolean;
  /** May the key be absent from a record, or the column from a file? */
  readonly optional: boolean;
  /** Taken where the value is absent or missing, or where `defaultFor` says. */
  readonly default?: string | number | boolean | undefined;
  /**
   * `absent`, as in zod: a JSON null does not take the default; it is missing where the column is nullable, and else refused.
   * A value that a file leaves empty takes it, because a file cannot leave out a cell. Without it, a null takes the
   * default too.
   */
  readonly defaultFor?: "absent" | undefined;
  /**
   * Texts that mean "missing", compared exactly after trimming; the empty text is always one. In a column of numbers or
   * dates one that is such a value means it however it is written: `9999-12-31` is that day in any form.
   */
  readonly missing: readonly string[];
  readonly unit?: string | undefined;
  readonly description?: string | undefined;
}

/**
 * How the texts of a number column are written: `{ decimal: ",", grouping: ".", suffix: "€" }` reads `1.234,50 €` as
 * 1234.5. A text without the affix, or without marks between thousands, is read as well; JSON numbers stay what they are.
 */
export interface NumberFormat {
  readonly decimal: "." | ",";
  /** Stands between thousands; any blank is a blank, any apostrophe an apostrophe. */
  readonly grouping?: "," | "." | " " | "'" | undefined;
  /** Removed from the front, such as "$"; blanks next to it do not count. At most 20 characters, no digits. */
  readonly prefix?: string | undefined;
  /** Taken off the end, such as "%" or "GB"; the number is that before it: `45%` is 45. */
  readonly suffix?: string | undefined;
  /** Are numbers in parentheses, or with the sign behind, negative, as accountants write them: `(12.50)`, `12.50-`? Default false. */
  readonly accounting?: boolean | undefined;
}

/** A finite real or whole number. */
export interface NumberColumn extends ColumnBase {
  readonly kind: "number";
  readonly integer: boolean;
  /** Is the number NaN of a record in memory missing (`z.nan()`)? Otherwise it is refused. JSON has none, and writes null for it. */
  readonly nan?: boolean | undefined;
  /** How its texts are written; without it they are plain decimals such as `-12.5`. */
  readonly numberFormat?: NumberFormat | undefined;
  /** Declared limits: a value outside them breaks the contract. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly exclusiveMin?: number | undefined;
  readonly exclusiveMax?: number | undefined;
  readonly multipleOf?: number | undefined;
  /** Limits seen in data: a value outside them is worth a warning, no more. */
  readonly observed?: Range | undefined;
}

/** Yes or no. Its texts are declared, so that "Y" and "ja" can be read too. */
export interface BooleanColumn extends ColumnBase {
  readonly kind: "boolean";
  /** Texts read as true and as false; a text is compared without regard to case when `caseSensitive` is false. */
  readonly truthy: readonly string[];
  readonly falsy: readonly string[];
  readonly caseSensitive: boolean;
}

/** A calendar day or an instant, in UTC. */
export interface DateColumn extends ColumnBase {
  readonly kind: "date";
  /** `date` is YYYY-MM-DD, `datetime` an ISO 8601 instant; both are read either way, and written in this form. */
  readonly precision: "date" | "datetime";
  /**
   * How its days are written, such as `dd/MM/yyyy`, `MM/dd/yyyy`, `d MMM yyyy` or `yyyyMMdd`; a time of day may follow. ISO
   * 8601 is read as well.
   */
  readonly dateFormat?: string | undefined;
  /** Declared limits, milliseconds since 1970 UTC. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly observed?: Range | undefined;
}

/** A label out of a set that is known (closed), known in part or not known (open). */
export interface CategoryColumn extends ColumnBase {
  readonly kind: "category";
  /** Known labels in a fixed order. Empty in an open column of many labels, which the recipe learns by itself. */
  readonly levels: readonly string[];
  /** Is a label outside `levels` accepted (and scored as unknown, and reported), or does it break the contract? */
  readonly open: boolean;
}

/** Free text. It is kept in a table but never becomes a feature as it stands. */
export interface TextColumn extends ColumnBase {
  readonly kind: "text";
  readonly maxLength?: number | undefined;
}

/** One column of a contract; plain JSON. */
export type Column = NumberColumn | BooleanColumn | DateColumn | CategoryColumn | TextColumn;

/** The column to predict. Its kind is always `category` in the contract, whatever its type in the schema. */
export interface Target {
  readonly column: string;
  /** Class labels, negative first for a binary target. More than two are kept for multiclass models. */
  readonly classes: readonly string[];
  /** The label whose probability a binary model gives. */
  readonly positive: string;
}

/**
 * The one description of a customer record, plain JSON, that everything reads: file and request parsing, quality
 * rules, the recipe, the model's input, the registry's signature, the drift baseline.
 */
export interface Contract {
  readonly format: 1;
  readonly name: string;
  /** Where it came from: declared contracts are strict, inferred ones are lenient with levels and missing values. */
  readonly origin: "declared" | "inferred";
  /** In the order of the schema or file. Names are unique and never `__proto__`, `constructor` or `prototype`. */
  readonly columns: readonly Column[];
  readonly target?: Target | undefined;
}
