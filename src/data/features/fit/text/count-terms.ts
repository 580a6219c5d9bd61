import type { Vocabulary } from "../../text/vocabulary.js";
import { longestTerm } from "../../text/words.js";

/** In fewer rows than this a term is chance, and may name somebody. */
export const leastRows = 2;
/** Terms counted at once. Beyond that the rarest are forgotten, so that memory does not grow with the texts. */
const mostCounted = 1_000_000;

/** Counts the texts that each term occurs in. */
export interface TermCounter {
  /** Adds a term of the text. */
  readonly add: (term: string) => void;
  /** Ends the text. */
  finish(): void;
  /** The terms of at least `least` texts, at most `most` of them, the most frequent first. */
  vocabulary(least: number, most: number): Vocabulary;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function termCounter(): TermCounter {
  const counts = new Map<string, number>();
  let own = new Set<string>();
  let rows = 0;
  let forgotten = 0;
  return {
    add: (term) => void own.add(term),
    finish() {
      rows++;
      for (const term of own) counts.set(term, (counts.get(term) ?? 0) + 1);
      own = new Set();
      while (counts.size > mostCounted) {
        forgotten++;
        for (const [term, count] of counts) if (count <= forgotten) counts.delete(term);
      }
    },
    vocabulary(least, most) {
      const kept = [...counts]
        .filter(([term, count]) => count >= least && term.length <= longestTerm)
        .sort((a, b) => b[1] - a[1] || byText(a[0], b[0]))
        .slice(0, most);
      return { rows, terms: kept.map(([term]) => term), counts: kept.map(([, count]) => count) };
    },
  };
}
