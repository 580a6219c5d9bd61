import type { PlotSpec } from "./plot.js";

/** Tone of a value: good news, a warning or worse. */
export type Tone = "good" | "warning" | "critical";

/** One figure to see at a glance. */
export interface Card {
  readonly label: string;
  readonly value: string;
  readonly note?: string | undefined;
  readonly tone?: Tone | undefined;
}

/** A cell of a table: a text, or a text with a tone. Texts are escaped; nothing is interpreted as HTML. */
export type Cell = string | { readonly text: string; readonly tone?: Tone | undefined };

/** The head of a column of a table. */
export interface TableColumn {
  readonly label: string;
  /** Numbers stand on the right. */
  readonly number?: boolean;
  /** A sentence: on a narrow screen it takes a separate line under its row. */
  readonly sentence?: boolean;
}

/** A plot with its heading; drawn as SVG when the page is written. */
export interface Plot {
  readonly title: string;
  readonly caption?: string | undefined;
  readonly spec: PlotSpec;
}

/** A check that had to pass. */
export interface Gate {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** A command to try, and its effect. */
export interface Command {
  readonly command: string;
  readonly purpose: string;
}

/** A piece of a section. */
export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "cards"; readonly cards: readonly Card[] }
  | {
      readonly kind: "table";
      readonly caption?: string | undefined;
      readonly columns: readonly TableColumn[];
      readonly rows: readonly (readonly Cell[])[];
    }
  | { readonly kind: "plots"; readonly plots: readonly Plot[] }
  | { readonly kind: "gates"; readonly gates: readonly Gate[] }
  | { readonly kind: "commands"; readonly commands: readonly Command[] }
  /** Evidence that few readers need: folded under its summary until the reader opens it. */
  | { readonly kind: "details"; readonly summary: string; readonly blocks: readonly Block[] };

/** A part of the page under a heading. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A whole page. */
export interface Report {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly sections: readonly Section[];
}
