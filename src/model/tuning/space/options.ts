import { ChurnkitError } from "../../../base/errors.js";

/**
 * Puts items of lists together: `units1: 64, units2: 32` is `units: [64, 32]`. A text for a list is its items with commas, a number its only one.
 *
 * @param known the learner's options with their defaults, which tell what is a list.
 * @throws ChurnkitError OPTION_INVALID for a list with a gap, or one that is given twice.
 */
export function withLists(
  known: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const items = new Map<string, Map<number, unknown>>();
  for (const [name, value] of Object.entries(values)) {
    const [, list = "", place] = itemName.exec(name) ?? [];
    const isItem = !Object.hasOwn(known, name) && Array.isArray(known[list]);
    if (isItem) items.set(list, (items.get(list) ?? new Map<number, unknown>()).set(Number(place), value));
    else options[name] = Array.isArray(known[name]) && !Array.isArray(value) ? itemsOf(String(value)) : value;
  }
  for (const [name, places] of items) options[name] = joined(name, places, options);
  return options;
}

/** The name of an item of a list. */
export const itemName = /^(\D+)([1-9]\d?)$/;

const itemsOf = (text: string): unknown[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => (Number.isNaN(Number(item)) ? item : Number(item)));

function joined(name: string, values: ReadonlyMap<number, unknown>, options: object): unknown[] {
  const refuse = (what: string): never => {
    throw new ChurnkitError("OPTION_INVALID", `The option ${name} ${what}.`, { where: { path: name } });
  };
  if (Object.hasOwn(options, name)) refuse(`is given as a list and as ${name}1, ${name}2 and so on. Give one of them`);
  return Array.from({ length: values.size }, (_, i) =>
    values.has(i + 1) ? values.get(i + 1) : refuse(`has ${values.size} items, and ${name}${i + 1} is not one of them`),
  );
}
