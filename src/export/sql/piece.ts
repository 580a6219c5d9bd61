/** Part of an expression. */
export interface Piece {
  readonly text: string;
  /** The step that it belongs to: it reads columns of the steps before. */
  readonly step: number;
  /** Operations and columns in it. */
  readonly size: number;
}

/**
 * Size of an expression at most. Athena and Trino make one Java method of it. They refuse it from 64 KB on, some 1,000
 * comparisons with a branch for each, and Java leaves it uncompiled from 8 KB on.
 */
export const mostParts = 200;

export const sizeOf = (pieces: readonly Piece[]): number => pieces.reduce((total, { size }) => total + size, 0);

/** The last of the steps. */
export const stepOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((latest, { step }) => Math.max(latest, step), 0);

/** Pieces in runs that are not too long for one expression, with an operation for each. */
export function runsOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const runs: Piece[][] = [];
  let size = Infinity;
  for (const piece of pieces) {
    size += piece.size + 1;
    if (size > mostParts) {
      runs.push([]);
      size = piece.size + 1;
    }
    runs.at(-1)?.push(piece);
  }
  return runs;
}
