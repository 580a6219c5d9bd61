/** Placeholder: the features helper replaces this with the table of operators. */
export type Expression =
  | { readonly op: "column"; readonly name: string }
  | { readonly op: "constant"; readonly value: number }
  | { readonly op: string; readonly args: readonly Expression[]; readonly parameters?: Readonly<Record<string, unknown>> };
