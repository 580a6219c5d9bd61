/**
 * Kinds of columns, declared once. `storage` is the typed array that a table keeps a column in; everything that
 * differs by kind elsewhere is keyed by this table's names.
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
  /** Whether a value may be missing (null, or one of `missing` in text). */
  readonly nullable: boolean;
  /** Whether the key may be absent from a record, or the column from a file. */
  readonly optional: boolean;
  /** Used if the value is absent or missing, or as `defaultFor` says. */
  readonly default?: string | number | boolean | undefined;
  /**
   * `absent`, as in zod: a JSON null does not take the default; it is missing if the column is nullable, and
   * otherwise refused. An empty cell in a file takes it, because a file cannot leave out a cell. Without
   * `defaultFor`, a null takes the default too.
   */
  readonly defaultFor?: "absent" | undefined;
  /**
   * Texts that mean "missing", compared exactly after trimming; the empty text always is one. In a column of numbers
   * or dates a marker that is a value counts in any spelling: `9999-12-31` is that day in any form.
   */
  readonly missing: readonly string[];
  readonly unit?: string | undefined;
  readonly description?: string | undefined;
}

/**
 * Format of the texts of a number column: `{ decimal: ",", grouping: ".", suffix: "€" }` reads `1.234,50 €` as
 * 1234.5. A text without the affix, or without thousands separators, is read as well; JSON numbers are not affected.
 */
export interface NumberFormat {
  readonly decimal: "." | ",";
  /** Thousands separator; any blank is a blank, any apostrophe an apostrophe. */
  readonly grouping?: "," | "." | " " | "'" | undefined;
  /** Removed from the front, such as "$"; blanks next to it do not count. At most 20 characters, no digits. */
  readonly prefix?: string | undefined;
  /** Removed from the end, such as "%" or "GB"; the number is unchanged: `45%` is 45. */
  readonly suffix?: string | undefined;
  /**
   * Whether numbers in parentheses, or with a trailing sign, are negative, as accountants write them: `(12.50)`,
   * `12.50-`. Default false.
   */
  readonly accounting?: boolean | undefined;
}

/** A finite real or whole number. */
export interface NumberColumn extends ColumnBase {
  readonly kind: "number";
  readonly integer: boolean;
  /**
   * Whether the number NaN of a record in memory is missing (`z.nan()`); otherwise it is refused. JSON has no NaN,
   * and writes null for it.
   */
  readonly nan?: boolean | undefined;
  /** Format of its texts; without it they are plain decimals such as `-12.5`. */
  readonly numberFormat?: NumberFormat | undefined;
  /** Declared limits: a value outside them breaks the contract. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly exclusiveMin?: number | undefined;
  readonly exclusiveMax?: number | undefined;
  readonly multipleOf?: number | undefined;
  /** Limits observed in data: a value outside them only causes a warning. */
  readonly observed?: Range | undefined;
}

/** Yes or no. Its texts are declared, so that "Y" and "ja" can be read too. */
export interface BooleanColumn extends ColumnBase {
  readonly kind: "boolean";
  /** Texts read as true and as false; case does not matter when `caseSensitive` is false. */
  readonly truthy: readonly string[];
  readonly falsy: readonly string[];
  readonly caseSensitive: boolean;
}

/** A calendar day or an instant, in UTC. */
export interface DateColumn extends ColumnBase {
  readonly kind: "date";
  /** `date` is YYYY-MM-DD, `datetime` an ISO 8601 instant; either form is read, and this one is written. */
  readonly precision: "date" | "datetime";
  /**
   * Format of its days, such as `dd/MM/yyyy`, `MM/dd/yyyy`, `d MMM yyyy` or `yyyyMMdd`; a time of day may follow. ISO
   * 8601 is read as well.
   */
  readonly dateFormat?: string | undefined;
  /** Declared limits, milliseconds since 1970 UTC. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly observed?: Range | undefined;
}

/** A label from a set that is known (closed), or partly known or unknown (open). */
export interface CategoryColumn extends ColumnBase {
  readonly kind: "category";
  /** Known labels in a fixed order. Empty in an open column with many labels, which the recipe learns. */
  readonly levels: readonly string[];
  /** Whether a label outside `levels` is accepted (scored as unknown, and reported) or breaks the contract. */
  readonly open: boolean;
}

/** Free text. As a feature it is what its words say, or TF-IDF of them. */
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
  /** The label whose probability a binary model returns. */
  readonly positive: string;
}

/**
 * The one description of a customer record, plain JSON, that everything uses: file and request parsing, quality
 * rules, the recipe, the model's input, the registry's signature, the drift baseline.
 */
export interface Contract {
  readonly format: 1;
  readonly name: string;
  /** Origin: declared contracts are strict; inferred ones are lenient about levels and missing values. */
  readonly origin: "declared" | "inferred";
  /** In the order of the schema or file. Names are unique and never `__proto__`, `constructor` or `prototype`. */
  readonly columns: readonly Column[];
  readonly target?: Target | undefined;
}
