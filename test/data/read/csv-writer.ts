import type { Contract, Column } from "../../../src/data/contract/contract.js";

const base = { role: "feature", nullable: true, optional: false, missing: [] } as const;

export const numberColumn = (name: string, more: object = {}): Column => ({
  ...base,
  name,
  kind: "number",
  integer: false,
  ...more,
});
export const textColumn = (name: string, more: object = {}): Column => ({ ...base, name, kind: "text", ...more });
export const categoryColumn = (name: string, levels: readonly string[], more: object = {}): Column => ({
  ...base,
  name,
  kind: "category",
  levels,
  open: false,
  ...more,
});
export const booleanColumn = (name: string): Column => ({
  ...base,
  name,
  kind: "boolean",
  truthy: ["true"],
  falsy: ["false"],
  caseSensitive: true,
});
export const dateColumn = (name: string): Column => ({ ...base, name, kind: "date", precision: "date" });

export const contractWith = (columns: readonly Column[], more: Partial<Contract> = {}): Contract => ({
  format: 1,
  name: "test",
  origin: "declared",
  columns,
  ...more,
});

/** A contract that reads every column as text. */
export const textContract = (names: readonly string[]): Contract => contractWith(names.map((name) => textColumn(name)));

export interface WriterStyle {
  readonly lineEnd: "\n" | "\r\n" | "\r";
  readonly delimiter: string;
  /** Quotes a cell that does not need it where this says so for the cell's number. */
  readonly quoteAnyway: (cell: number) => boolean;
  readonly bom: boolean;
  readonly lastLineEnd: boolean;
  /** Blanks put around each cell, outside its quotes. */
  readonly padding: string;
}

/** Writes rows as delimited text in some style: the inverse of the reader, as simple as can be. */
export function writeCsv(rows: readonly (readonly string[])[], style: WriterStyle): string {
  let cell = 0;
  const written = rows.map((row) =>
    row
      .map((text) => {
        const quoted =
          /["\r\n]/.test(text) ||
          text.includes(style.delimiter) ||
          style.quoteAnyway(cell++) ||
          (text === "" && row.length === 1);
        return style.padding + (quoted ? `"${text.replaceAll('"', '""')}"` : text) + style.padding;
      })
      .join(style.delimiter),
  );
  return (style.bom ? "\ufeff" : "") + written.join(style.lineEnd) + (style.lastLineEnd ? style.lineEnd : "");
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Cuts bytes into chunks of the given sizes, again and again. */
export function* chunked(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}
