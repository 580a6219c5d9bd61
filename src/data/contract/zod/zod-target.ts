import { booleanTexts } from "../cells/label.js";
import type { Target } from "../contract.js";
import type { ColumnType, Lowered } from "./lowered.js";
import type { Problem } from "../problem.js";

/** Widest whole-number range that counts as a list of classes. */
const maxClasses = 100;

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, i) => text === b[i]);

/** Returns the class labels of a target's type in order, with the label of a value; or why there are none. */
function classesOf(type: ColumnType, positive: unknown): { labels: readonly string[]; label: string } | string {
  const label = String(positive);
  switch (type.kind) {
    case "category":
      if (type.open) return "the classes of the target must be known: use z.enum([...]) without unseen labels";
      return { labels: type.levels, label };
    case "boolean": {
      const { truthy, falsy, caseSensitive } = type;
      const [yes = ""] = truthy;
      const [no = ""] = falsy;
      if (same(truthy, booleanTexts.truthy) && same(falsy, booleanTexts.falsy))
        return { labels: ["false", "true"], label };
      // Labels are compared exactly; zod loses the case of texts that it compares case-insensitively.
      const exact = caseSensitive || [yes, no].every((text) => text.toUpperCase() === text);
      if (truthy.length > 1 || falsy.length > 1 || !exact) {
        return 'name one text for each class: z.enum(["No", "Yes"]), or z.stringbool({ truthy: ["Yes"], falsy: ["No"], case: "sensitive" })';
      }
      return { labels: [no, yes], label: positive === true ? yes : positive === false ? no : label };
    }
    case "number": {
      const { integer, min, max } = type;
      if (integer && min !== undefined && max !== undefined && max - min < maxClasses && max > min) {
        const labels = Array.from({ length: max - min + 1 }, (_, i) => String(min + i));
        return { labels, label };
      }
      if (min === undefined && max === undefined && (positive === 0 || positive === 1))
        return { labels: ["0", "1"], label };
      return "name the classes: z.literal([0, 1])";
    }
    case "date":
    case "text":
      return `a ${type.kind} cannot be the target; use z.enum([...]), z.boolean() or z.literal([0, 1])`;
  }
}

/** Turns the target column into a category of texts and names the positive class; reports obstacles. */
export function lowerTarget(
  column: string,
  lowered: Lowered,
  positive: unknown,
  problems: Problem[],
): { readonly type: ColumnType; readonly target: Target } | undefined {
  const refuse = (message: string): undefined => {
    problems.push({ code: "CONTRACT_INVALID", path: column, message });
    return undefined;
  };
  if (positive === undefined || positive === null) return refuse("name the positive class of the target");
  const found = classesOf(lowered.type, positive);
  if (typeof found === "string") return refuse(found);
  const { labels, label } = found;
  if (!labels.includes(label)) {
    return refuse(
      `the positive value ${JSON.stringify(positive)} is not one of ${labels.map((l) => JSON.stringify(l)).join(", ")}`,
    );
  }
  const classes = [...labels.filter((other) => other !== label), label];
  return {
    type: { kind: "category", levels: labels, open: false },
    target: { column, classes, positive: label },
  };
}
