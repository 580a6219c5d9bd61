import { ChurnkitError } from "../../../base/errors.js";
import type { Target } from "../contract.js";
import { classReader, foldedLabel } from "../cells/class.js";
import { nearestText } from "../cells/nearest.js";
import { sortedLabels } from "./column.js";
import { namesPositive, targetScore } from "./names.js";
import type { ColumnFacts } from "./tally.js";

const list = (labels: readonly string[]): string => {
  const shown = labels.slice(0, 8).map((label) => JSON.stringify(label.slice(0, 40)));
  return labels.length > shown.length
    ? `${shown.join(", ")} and ${labels.length - shown.length} more`
    : shown.join(", ");
};

/** Most classes of a target that is inferred; a contract may declare more. */
const mostInferred = 20;

interface TargetWishes {
  readonly positive?: string | undefined;
  readonly source: string;
  readonly multiclass?: boolean | undefined;
}

/** Returns the labels of a column, spellings of one label merged into the most frequent, in order of UTF-16 units. */
export function targetClasses(facts: ColumnFacts | undefined): string[] {
  if (facts === undefined) return [];
  const classes = new Map<string, readonly [label: string, rows: number]>();
  for (const label of sortedLabels(facts)) {
    const rows = facts.labels?.get(label) ?? 0;
    const key = foldedLabel(label);
    if (rows > (classes.get(key)?.[1] ?? 0)) classes.set(key, [label, rows]);
  }
  return [...classes.values()].map(([label]) => label).sort((a, b) => (a < b ? -1 : 1));
}

/**
 * Returns the target that a column contains.
 *
 * @throws ChurnkitError TARGET_INVALID if it does not have exactly two classes (up to twenty, if wished), the positive one
 * never occurs, or none was named and not exactly one label suggests leaving.
 */
export function inferTarget(
  column: string,
  facts: ColumnFacts,
  { positive, source, multiclass = false }: TargetWishes,
): Target {
  const fail = (message: string): never => {
    throw new ChurnkitError("TARGET_INVALID", `${source}: the target "${column}" ${message}`, {
      where: { file: source, column, value: positive },
    });
  };
  if (facts.labels === undefined) {
    return fail(`holds about ${facts.distinct} different values. Name a column of two classes.`);
  }
  const labels = targetClasses(facts);
  if (labels.length < 2) {
    return fail(
      `holds ${labels.length === 0 ? "no value" : `one class only (${list(labels)})`}. Give rows of both classes.`,
    );
  }
  if (labels.length > 2 && !multiclass)
    return fail(
      `holds ${labels.length} classes (${list(labels)}). Name a column of two classes, or tell all of them apart with multiclass (--multiclass).`,
    );
  if (labels.length > mostInferred)
    return fail(
      `holds ${labels.length} classes (${list(labels)}). Name a column of at most ${mostInferred} classes: amounts are no target.`,
    );
  const speaking = labels.filter(namesPositive);
  const chosen = positive ?? (speaking.length === 1 ? speaking[0] : undefined);
  if (chosen === undefined)
    return fail(
      `holds ${list(labels)}. Name the positive class${labels.length > 2 ? ": the one to act on; the others get probabilities too" : ""}.`,
    );
  const named = classReader(labels)(chosen);
  if (named === undefined) {
    const near = nearestText(chosen, labels);
    const hint = near === undefined ? "" : ` Did you mean ${JSON.stringify(near)}?`;
    return fail(`never holds ${JSON.stringify(chosen)}; it holds ${list(labels)}.${hint}`);
  }
  return { column, classes: [...labels.filter((label) => label !== named), named], positive: named };
}

/**
 * Returns the columns of two values that may be the target, the most likely first: by name, then last column before
 * first.
 */
export function targetCandidates(names: readonly string[], facts: readonly ColumnFacts[]): string[] {
  return names
    .map((name, index) => ({ name, index, labels: targetClasses(facts[index]) }))
    .filter(({ labels }) => labels.length === 2)
    .map(({ name, index, labels }) => {
      const speaks = labels.filter(namesPositive).length === 1 ? 1 : 0;
      const last = index === names.length - 1 ? 2 : 0;
      return { name, index, score: 10 * targetScore(name) + last + speaks };
    })
    .sort((a, b) => b.score - a.score || b.index - a.index)
    .map(({ name }) => name);
}
