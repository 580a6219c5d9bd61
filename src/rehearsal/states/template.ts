import { runtimeFault } from "./fault.js";
import { evaluate } from "./intrinsics.js";
import type { Scope } from "./paths.js";

/** Fills a payload template: a member whose name ends in `.$` is a path or a call, and loses that ending. */
export function fill(template: unknown, scope: Scope, random: () => number): unknown {
  if (Array.isArray(template)) return template.map((item) => fill(item, scope, random));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]: [string, unknown]) => {
      if (!name.endsWith(".$")) return [name, fill(value, scope, random)];
      if (typeof value !== "string") throw runtimeFault(`The member ${name} must be a path or a call.`);
      return [name.slice(0, -2), evaluate(value, scope, random)];
    }),
  );
}
