import type { ServiceModel } from "./model.js";

/**
 * Reads the texts of a query or of a path as what the model says they are. A text that cannot be read stays one, for the
 * check to find.
 */
export function typed(model: ServiceModel, name: string, value: unknown): unknown {
  const shape = model.shapes[name];
  if (shape === undefined) return value;
  const { type, members = {}, member, value: item } = shape;
  if (Array.isArray(value)) return value.map((each) => typed(model, member?.shape ?? "", each));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        typed(
          model,
          (type === "map" ? item : Object.hasOwn(members, key) ? members[key] : undefined)?.shape ?? "",
          each,
        ),
      ]),
    );
  if (typeof value !== "string") return value;
  // An empty list or map, and one that its parameter was given once for.
  if (type === "list") return value === "" ? [] : [typed(model, member?.shape ?? "", value)];
  if (type === "map" && value === "") return {};
  if (type === "boolean") return value === "true" ? true : value === "false" ? false : value;
  const isNumber = ["integer", "long", "float", "double"].includes(type);
  return isNumber && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
}
