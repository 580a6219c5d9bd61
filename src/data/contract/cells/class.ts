import { booleanTexts } from "./label.js";
import { parseDecimal } from "./number.js";

const truth = new Map<string, boolean>([
  ...booleanTexts.truthy.map((text) => [text, true] as const),
  ...booleanTexts.falsy.map((text) => [text, false] as const),
]);

/** Normalizes a label: case, blanks, the form of its characters, and the spelling of a number. */
export function foldedLabel(label: string): string {
  const text = label.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();
  const value = parseDecimal(text);
  return Number.isNaN(value) ? text : String(value);
}

/** Groups the classes by a key; only their exact spelling distinguishes those that share one. */
function keyed<K>(classes: readonly string[], keyOf: (label: string) => K | undefined): Map<K, string> {
  const found = new Map<K, string>();
  const shared = new Set<K>();
  for (const label of classes) {
    const key = keyOf(label);
    if (key === undefined) continue;
    if (found.has(key)) shared.add(key);
    found.set(key, label);
  }
  for (const key of shared) found.delete(key);
  return found;
}

/**
 * Makes the reader of a target's labels that files, requests, captured labels and monitors share. It returns the
 * class that a label spells (`True`, `true`, ` TRUE`; `1`, `1.0`). If the two classes mean true and false (`No` and
 * `Yes`, `0` and `1`), it also accepts any other text for true or false. Undefined for a label that is not a class.
 */
export function classReader(classes: readonly string[]): (label: string) => string | undefined {
  const exact = new Set(classes);
  const bySpelling = keyed(classes, foldedLabel);
  const meanings = keyed(classes, (label) => truth.get(foldedLabel(label)));
  const byMeaning = classes.length === 2 && meanings.size === 2 ? meanings : undefined;
  return (label) => {
    if (exact.has(label)) return label;
    const key = foldedLabel(label);
    const spelled = bySpelling.get(key);
    if (spelled !== undefined || byMeaning === undefined) return spelled;
    const meaning = truth.get(key);
    return meaning === undefined ? undefined : byMeaning.get(meaning);
  };
}
