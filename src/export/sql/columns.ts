import { mostParts, runsOf, sizeOf, stepOf, type Piece } from "./piece.js";

/** The columns that a query computes on the way, step by step. */
export class SqlColumns {
  /** Each step's columns, as `expression AS name`. */
  readonly steps: string[][] = [];
  #names = 0;

  /** Makes a column of a piece; returns its name. */
  named({ text, step }: Piece): Piece {
    const name = `v${this.#names++}`;
    (this.steps[step] ??= []).push(`${text} AS ${name}`);
    return { text: name, step: step + 1, size: 1 };
  }

  /** Makes a column of a piece because it is long. It is named twice: Trino would put back what is used once. */
  apart(piece: Piece): Piece {
    const { text, ...rest } = this.named(piece);
    return { text: `IF(${text} IS NULL,NULL,${text})`, ...rest };
  }

  /** An expression of a few pieces. The longest become columns where it would be too long. */
  expression(pieces: readonly Piece[], write: (...texts: readonly string[]) => string): Piece {
    let parts = pieces;
    while (sizeOf(parts) >= mostParts) {
      const longest = parts.reduce((a, b) => (b.size > a.size ? b : a));
      parts = parts.map((piece) => (piece === longest ? this.apart(piece) : piece));
    }
    return { text: write(...parts.map(({ text }) => text)), step: stepOf(parts), size: sizeOf(parts) + 1 };
  }

  /** Any number of pieces with a sign between them. */
  joined(pieces: readonly Piece[], sign: "+" | "AND" | "OR"): Piece {
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) return only;
    const runs = runsOf(pieces);
    if (runs.length > 1)
      return this.joined(
        runs.map((run) => this.apart(this.joined(run, sign))),
        sign,
      );
    const text = `(${pieces.map((piece) => piece.text).join(` ${sign} `)})`;
    return { text, step: stepOf(pieces), size: sizeOf(pieces) + pieces.length };
  }

  /** The number of the entry that `of` equals, or `otherwise`. */
  chosen(of: Piece, entries: readonly (readonly [text: string, value: string])[], otherwise: string): Piece {
    const cases = (from: number, to: number): string =>
      entries
        .slice(from, to)
        .map(([text, value]) => ` WHEN ${text} THEN ${value}`)
        .join("");
    if (entries.length + of.size <= mostParts) {
      const text = `CASE ${of.text}${cases(0, entries.length)} ELSE ${otherwise} END`;
      return { text, step: of.step, size: entries.length + of.size };
    }
    const { text, step } = of.size > 1 ? this.apart(of) : of;
    const each = mostParts - 1;
    const found = Array.from({ length: Math.ceil(entries.length / each) }, (_, i) =>
      this.apart({ text: `CASE ${text}${cases(i * each, (i + 1) * each)} END`, step, size: mostParts }),
    );
    return {
      text: `COALESCE(${[...found.map((part) => part.text), otherwise].join(", ")})`,
      step: step + 1,
      size: found.length,
    };
  }
}
