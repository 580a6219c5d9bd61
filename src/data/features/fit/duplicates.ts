import { mix32 } from "../../../base/random.js";
import type { FeatureBlock } from "../recipe.js";
import type { Candidate, Flags } from "./candidate.js";

/** A kept 0/1 column, with sums over its rows that find equal columns. */
interface KeptFlag {
  readonly flags: Flags;
  readonly index: number;
}

/**
 * Number of rows and two hash sums of the rows that set a flag. They are additive, so a complement's are the
 * differences.
 */
type Signature = readonly [count: number, first: number, second: number];

const keyOf = ([count, first, second]: Signature): string => `${count} ${first} ${second}`;

function signatures(flags: Flags, rows: number): { each: Signature[]; all: Signature } {
  const each = flags.names.map(() => [0, 0, 0] as [number, number, number]);
  const all: [number, number, number] = [0, 0, 0];
  const add = (sums: [number, number, number], first: number, second: number): void => {
    sums[0]++;
    sums[1] = (sums[1] + first) >>> 0;
    sums[2] = (sums[2] + second) >>> 0;
  };
  for (let row = 0; row < rows; row++) {
    const first = mix32(row + 1);
    const second = mix32(~row);
    add(all, first, second);
    const own = each[flags.flagOf(row)];
    if (own !== undefined) add(own, first, second);
  }
  return { each, all };
}

const complement = (all: Signature, own: Signature): Signature => [
  all[0] - own[0],
  (all[1] - own[1]) >>> 0,
  (all[2] - own[2]) >>> 0,
];

/** Returns whether two flags agree in every row, or (opposite) in none. */
function related(a: KeptFlag, b: KeptFlag, rows: number, opposite: boolean): boolean {
  for (let row = 0; row < rows; row++) {
    const same = (a.flags.flagOf(row) === a.index) === (b.flags.flagOf(row) === b.index);
    if (same === opposite) return false;
  }
  return true;
}

/** Of two opposite flags the rarer is kept, so it comes first. */
function order(each: readonly Signature[]): number[] {
  const indices = each.map((_, i) => i);
  const [a, b] = each;
  return each.length === 2 && a && b && b[0] < a[0] ? [1, 0] : indices;
}

/**
 * Drops 0/1 columns that repeat an earlier one or its opposite: the second level of two, "No internet service" after
 * InternetService=No, repeated indicators. Returns the remaining blocks, and notes.
 */
export function withoutDuplicates(
  candidates: readonly Candidate[],
  rows: number,
): { blocks: FeatureBlock[]; notes: string[] } {
  const kept = new Map<string, KeptFlag>();
  const notes: string[] = [];
  const blocks = candidates.flatMap(({ block, flags }) => {
    if (flags === undefined) return [block];
    const { each, all } = signatures(flags, rows);
    const gone = new Set<number>();
    for (const index of order(each)) {
      const own = each[index];
      if (own === undefined) continue;
      const flag: KeptFlag = { flags, index };
      const twin: KeptFlag | undefined = [keyOf(own), keyOf(complement(all, own))]
        .map((key) => kept.get(key))
        .find((other, i) => other !== undefined && related(flag, other, rows, i === 1));
      if (twin === undefined) kept.set(keyOf(own), flag);
      else {
        gone.add(index);
        // The second of two levels needs no note.
        if (twin.flags !== flags)
          notes.push(`${flags.names[index]}: left out, ${twin.flags.names[twin.index]} says the same`);
      }
    }
    if (gone.size === 0) return [block];
    const rest = flags.without(gone);
    return rest === undefined ? [] : [rest];
  });
  return { blocks, notes };
}
