import type { Owner, Owners } from "./owners.js";

/** Decides what belongs to the customers that are erased. */
export interface Matcher {
  /** Whether an owner is one of them. */
  readonly owns: (owner: Owner) => boolean;
  /** Whether a line has any of them. */
  readonly ownsAny: (owners: Owners) => boolean;
  /** Whether a single name is one of theirs: the id of an entry that may be a customer's or a prediction's. */
  readonly names: (id: string) => boolean;
  /** Whether it also looks after what a former erasure or a killed writer left, and what cannot be searched. */
  readonly cleans: boolean;
  /** Whether a text that cannot be read holds one of the names. */
  readonly mentions: (text: string) => boolean;
}

const owned = (owner: Owner): string[] => [...owner.customer, ...owner.prediction];
const baseOf = (id: string): string => id.replace(/#\d+$/, "");

const wordChar = "[\\p{L}\\p{N}_.-]";

/** Finds ids in a text, each as words of their own. */
function mentionOf(ids: ReadonlySet<string>): (text: string) => boolean {
  const words = new RegExp(`${wordChar}+`, "gu");
  // A pattern of thousands of ids takes seconds a line, so most are looked up.
  const odd = [...ids].filter((id) => id.match(words)?.[0] !== id);
  const escaped = odd.map((id) => id.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  const oddOnes = new RegExp(`(?<!${wordChar})(?:${escaped.join("|")})(?!${wordChar})`, "u");
  return (text) => {
    for (const [word] of text.matchAll(words)) if (ids.has(word)) return true;
    return odd.length > 0 && oddOnes.test(text);
  };
}

/** Matches ids that were given: of customers, or of predictions. */
export function givenMatcher(ids: readonly string[]): Matcher {
  const given = new Set(ids);
  const bases = new Set(ids.map(baseOf));
  const mentions = mentionOf(given);
  const owns = (owner: Owner): boolean => owned(owner).some((name) => given.has(name));
  return {
    owns,
    cleans: true,
    ownsAny: ({ owners, whole, unread, unsearched }) =>
      owners.some(owns) ||
      whole.some((name) => given.has(name) || ((unread !== undefined || unsearched) && bases.has(name))) ||
      (unread !== undefined && mentions(unread)),
    names: (id) => given.has(id),
    mentions,
  };
}

/**
 * Matches what is known by predictions of the customers alone, and not by an id that was given. A line that names another customer is
 * that customer's, whatever its prediction's id, which a caller may have given twice.
 */
export function relatedMatcher(predictions: ReadonlySet<string>, given: Matcher): Matcher {
  const isTheirs = (name: string): boolean => predictions.has(name) && !given.names(name);
  const owns = (owner: Owner): boolean => owned(owner).some(isTheirs) && owner.customer.every(isTheirs);
  return {
    owns,
    cleans: false,
    ownsAny: (line) => line.owners.some(owns) && !given.ownsAny(line),
    names: isTheirs,
    mentions: () => false,
  };
}
