import type { Move } from "./moves.js";

/** A record after some moves, of different columns. */
export interface State {
  readonly moves: readonly Move[];
  /** Infinity if the record cannot be scored. */
  readonly probability: number;
}

/** Probabilities of the record after each list of moves, in one batch. */
export type ScoreMoves = (lists: readonly (readonly Move[])[]) => State[];

/** States that are developed further at each number of moves, and those of the same columns. */
const beam = 40;
const alike = 4;
/** Moves that are combined, the best alone first. */
const mostMoves = 200;

export const distanceOf = ({ moves }: State): number => moves.reduce((sum, { distance }) => sum + distance, 0);
export const columnsOf = ({ moves }: State): string =>
  JSON.stringify(moves.map(({ column }) => column).sort((a, b) => (a < b ? -1 : 1)));

/** Fewest moves first, then the nearest. */
export const bySize = (a: State, b: State): number =>
  a.moves.length - b.moves.length || distanceOf(a) - distanceOf(b) || a.probability - b.probability;

/** States below a threshold, and the lowest of all that were tried. */
interface Found {
  readonly below: readonly State[];
  readonly lowest: State | undefined;
}

/**
 * Beam search over the number of moves: single moves first; those that do not suffice are combined with others, until
 * enough different sets of columns are found.
 */
export function search(
  moves: readonly Move[],
  below: number,
  mostChanges: number,
  enough: number,
  score: ScoreMoves,
): Found {
  const singles = score(moves.map((move) => [move])).sort((a, b) => a.probability - b.probability);
  const combined = singles.slice(0, mostMoves).flatMap(({ moves: [move] }) => move ?? []);
  const found: State[] = [];
  let lowest = singles[0];
  let tried = singles;
  for (let size = 1; ; size++) {
    found.push(...tried.filter(({ probability }) => probability < below));
    if (size === mostChanges || new Set(found.map(columnsOf)).size >= enough) return { below: found, lowest };
    const open = best(tried.filter(({ probability }) => probability >= below && probability < Infinity));
    const next = new Map<string, readonly Move[]>();
    for (const { moves: own } of open) {
      for (const move of combined) {
        if (own.some(({ column }) => column === move.column)) continue;
        const more = [...own, move].sort((a, b) => (a.column < b.column ? -1 : 1));
        next.set(JSON.stringify(more.map(({ column, to }) => [column, to])), more);
      }
    }
    if (next.size === 0) return { below: found, lowest };
    tried = score([...next.values()]).sort((a, b) => a.probability - b.probability);
    const first = tried[0];
    if (first !== undefined && first.probability < (lowest?.probability ?? Infinity)) lowest = first;
  }
}

/** The states to develop: the lowest, few of the same columns. */
function best(states: readonly State[]): State[] {
  const counts = new Map<string, number>();
  return states
    .filter((state) => {
      const columns = columnsOf(state);
      const count = (counts.get(columns) ?? 0) + 1;
      counts.set(columns, count);
      return count <= alike;
    })
    .slice(0, beam);
}

/** Makes each move as small as it may be, and leaves out the moves that are not needed. */
export function tighten(state: State, below: number, score: ScoreMoves): State {
  let tight = state;
  for (;;) {
    for (const { column } of [...tight.moves].sort((a, b) => b.distance - a.distance)) {
      tight = withSmallest(tight, column, below, score);
    }
    const without = score(tight.moves.map((_, left) => tight.moves.filter((_, i) => i !== left)));
    const shorter = without.filter(({ probability }) => probability < below).sort(bySize)[0];
    if (shorter === undefined) return tight;
    tight = shorter;
  }
}

/** The state with one of its moves replaced by the smallest that still suffices. */
function withSmallest(state: State, column: string, below: number, score: ScoreMoves): State {
  const smaller = state.moves.find((move) => move.column === column)?.smaller ?? [];
  const lists = smaller.map((move) => state.moves.map((own) => (own.column === column ? move : own)));
  return score(lists).find(({ probability }) => probability < below) ?? state;
}
