import type { Column } from "../../contract/contract.js";
import type { Table } from "../../table/table.js";
import type { Features } from "../define.js";
import type { Expression } from "../expression.js";
import { checkExpression } from "../expressions/check-expression.js";
import type { CategoryPolicy, ColumnPolicy, DateEncoding, NumberPolicy, TextEncoding } from "../policy.js";
import type { DerivedColumn } from "../recipe.js";
import { dropped, type Candidate, type Fitted } from "./candidate.js";
import { fitCategory } from "./fit-category.js";
import { dateParts } from "./fit-date.js";
import { fitBoolean, fitNumber } from "./fit-number.js";
import { codesOf, numbersOf, type TargetClass } from "./fit-values.js";
import type { TextInput } from "./text/draw-texts.js";
import type { TextFitting } from "./text/fit-text.js";

/** Collects the fitted columns: the contract's in their order, then the derived ones. */
export class Fitting {
  readonly derived: DerivedColumn[];
  readonly candidates: Candidate[] = [];
  readonly notes: string[] = [];
  readonly #features: Features;
  readonly #table: Table;
  readonly #target: readonly TargetClass[] | undefined;
  readonly #texts: TextFitting;
  readonly #details: boolean;
  readonly #policies: ReadonlyMap<string, ColumnPolicy>;
  readonly #names: Set<string>;

  /**
   * @param details whether numbers get bins and single values in addition to the scaled one where no policy decides.
   */
  constructor(
    features: Features,
    table: Table,
    target: readonly TargetClass[] | undefined,
    texts: TextFitting,
    details: boolean,
  ) {
    this.#features = features;
    this.#table = table;
    this.#target = target;
    this.#texts = texts;
    this.#details = details;
    this.derived = [...features.derived];
    this.#policies = new Map(features.policies.map(({ column, policy }) => [column, policy]));
    this.#names = new Set([...table.contract.columns, ...this.derived].map(({ name }) => name));
  }

  fitAll(): void {
    for (const column of this.#table.contract.columns) if (column.role === "feature") this.#fitColumn(column);
    for (const { name, expression } of this.#features.derived) this.#fit(name, expression);
  }

  #policy(name: string): ColumnPolicy {
    return this.#policies.get(name) ?? {};
  }

  #keep({ candidates, notes }: Fitted): void {
    this.candidates.push(...candidates);
    this.notes.push(...notes);
  }

  #fitColumn(column: Column): void {
    const { name } = column;
    if (column.kind === "text") {
      const encode = this.#policy(name).encode ?? "auto";
      if (encode !== "drop") this.#keep(this.#texts.fit(this.#textOf(name), encode as TextEncoding));
    } else if (column.kind === "date") this.#fitDate(name);
    else this.#fit(name, { op: "column", name });
  }

  #fit(name: string, expression: Expression): void {
    const policy = this.#policy(name);
    if (policy.encode === "drop") return;
    const { kind } = checkExpression(expression, this.#features.contract, name);
    if (kind === "category") {
      const { codes, labels } = codesOf(expression, this.#table);
      // The policy was checked against the column's kind when the features were defined.
      this.#keep(fitCategory({ name, codes, labels, policy: policy as CategoryPolicy, target: this.#target }));
    } else if (kind === "boolean") this.#keep(fitBoolean(name, numbersOf(expression, this.#table)));
    else {
      const values = numbersOf(expression, this.#table);
      const { numeric } = this.#features;
      this.#keep(
        fitNumber({ name, values, policy: policy as NumberPolicy, numeric, indicator: true, details: this.#details }),
      );
    }
  }

  #textOf(name: string): TextInput {
    const data = this.#table.columns.get(name);
    if (data?.storage !== "coded") return { name, codes: new Int32Array(this.#table.rows).fill(-1), texts: [] };
    return { name, codes: data.codes, texts: data.levels };
  }

  #fitDate(name: string): void {
    const encode = this.#policy(name).encode ?? "auto";
    if (encode === "drop") return;
    const values = numbersOf({ op: "column", name }, this.#table);
    const parts = dateParts(name, values, encode as DateEncoding, (wanted) => !this.#names.has(wanted));
    if (parts.length === 0) this.#keep(dropped(name, "it is missing in every training row"));
    for (const { indicator, ...part } of parts) {
      this.derived.push(part);
      this.#names.add(part.name);
      const numbers = numbersOf(part.expression, this.#table);
      this.#keep(
        fitNumber({
          name: part.name,
          values: numbers,
          policy: { oneHotValues: false },
          numeric: "standard",
          indicator,
          details: this.#details,
        }),
      );
    }
  }
}
