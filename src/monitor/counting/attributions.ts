import { ChurnkitError } from "../../base/errors.js";
import { tableFromRecords } from "../../data/read/index.js";
import type { RecordValue } from "../../data/table/index.js";
import type { Explainer } from "../../model/explain/index.js";
import { BottomSample, sampleKey, type Sampled } from "./sample.js";
import type { AttributedRow } from "./tally.js";

type PlainRecord = Readonly<Record<string, RecordValue>>;

/** A sampled row: explained, or still waiting. */
interface Entry extends Sampled {
  readonly values: readonly number[] | undefined;
  readonly record: PlainRecord | undefined;
}

/** Rows explained at a time. */
const atOnce = 16;

/**
 * The sampled rows of one period, explained when there is time. Until then a row waits as a record; afterward only
 * its attributions are kept.
 */
export class AttributionSample {
  readonly #entries: BottomSample<Entry>;
  readonly #seed: number;

  constructor(capacity: number, seed: number) {
    this.#entries = new BottomSample<Entry>(capacity, firstOf);
    this.#seed = seed;
  }

  /** Offers a row; few are accepted. */
  offer(record: () => PlainRecord, time: number, id: string): void {
    const plain = record();
    // The id includes the row's content, so that rows under one id are equal.
    const content = sampleKey(JSON.stringify(plain), this.#seed).toString(36);
    const own = `${content} ${time.toString(36)} ${id}`;
    const key = sampleKey(own, this.#seed);
    if (this.#entries.wants(key)) this.#entries.add({ key, id: own, values: undefined, record: plain });
  }

  addExplained(rows: readonly AttributedRow[]): void {
    for (const { key, id, values } of rows) this.#entries.add({ key, id, values, record: undefined });
  }

  /** Waiting rows that are still in the sample. */
  get waiting(): number {
    return this.#entries.entries().filter(({ values }) => values === undefined).length;
  }

  /** Explains some of the waiting rows. Returns how many. */
  explain(explainer: Explainer, most: number): number {
    const waiting = this.#entries
      .entries()
      .filter(({ values }) => values === undefined)
      .slice(0, most);
    for (let first = 0; first < waiting.length; first += atOnce)
      this.#explainSome(explainer, waiting.slice(first, first + atOnce));
    return waiting.length;
  }

  /** The rows that are explained. */
  rows(): AttributedRow[] {
    return this.#entries
      .entries()
      .flatMap(({ key, id, values }) => (values === undefined || values.length === 0 ? [] : [{ key, id, values }]));
  }

  #explainSome(explainer: Explainer, some: readonly Entry[]): void {
    const table = tableFromRecords(
      explainer.contract,
      some.map(({ record }) => record),
      { target: "ignore" },
    );
    const width = explainer.columns.length;
    try {
      const { values } = explainer.explain(table);
      table.rowNumbers.forEach((at, row) => {
        const entry = some[at];
        if (entry === undefined) return;
        const own = Array.from(values.subarray(row * width, (row + 1) * width), (value) =>
          Number(Math.abs(value).toPrecision(6)),
        );
        this.#entries.replace({ ...entry, values: own, record: undefined });
      });
    } catch (error) {
      if (!ChurnkitError.isInstance(error) || error.code !== "VALUE_INVALID") throw error;
      // One row has no finite score: explain the others one by one, and skip that row.
      const [only] = some;
      if (some.length > 1) for (const each of some) this.#explainSome(explainer, [each]);
      else if (only !== undefined) this.#entries.replace({ ...only, values: [], record: undefined });
    }
  }
}

/** Rows under one id are equal, so the explained one is kept. */
const firstOf = (a: Entry, b: Entry): Entry => (a.values === undefined && b.values !== undefined ? b : a);
