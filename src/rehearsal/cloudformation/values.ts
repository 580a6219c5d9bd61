import { unapplied } from "./template.js";

/** What names in a template stand for. */
export interface Names {
  /** What `Ref` gives: of a parameter, a pseudo parameter or a resource. */
  readonly ref: (name: string) => unknown;
  readonly attribute: (id: string, name: string) => unknown;
}

/**
 * A copy of a value with the results of its functions in their places.
 *
 * @throws ChurnkitError OPTION_INVALID for a function that the rehearsal does not know.
 */
export function valueOf(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return value.map((each) => valueOf(each, names)).filter((each) => each !== undefined);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value) as [string, unknown][];
  const [[name, argument] = ["", undefined]] = entries;
  if (entries.length === 1 && (name === "Ref" || name.startsWith("Fn::"))) return resultOf(name, argument, names);
  return Object.fromEntries(
    entries.map(([key, member]) => [key, valueOf(member, names)]).filter(([, member]) => member !== undefined),
  );
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function resultOf(name: string, argument: unknown, names: Names): unknown {
  if (name === "Ref") return names.ref(String(argument));
  if (name === "Fn::GetAtt") {
    const [id = "", ...path] = Array.isArray(argument) ? (argument as string[]) : String(argument).split(".");
    return names.attribute(id, path.join("."));
  }
  if (name === "Fn::Sub") return substituted(argument, names);
  const given = listed(valueOf(argument, names));
  const [first, second] = given;
  if (name === "Fn::Join") return (second as unknown[]).map(String).join(String(first));
  if (name === "Fn::Split") return String(second).split(String(first));
  if (name === "Fn::Select") return given.slice(1).flat()[Number(first)];
  throw unapplied(`The rehearsal does not know the function ${name} of templates.`, name);
}

/** A text with what `${Name}` and `${Name.Attribute}` stand for; `${!Name}` is `${Name}`. */
function substituted(argument: unknown, names: Names): string {
  const [text, more] = listed(argument);
  const own = (more ?? {}) as Readonly<Record<string, unknown>>;
  return String(text).replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith("!")) return `\${${name.slice(1)}}`;
    if (Object.hasOwn(own, name)) return String(valueOf(own[name], names));
    const [id = "", ...path] = name.split(".");
    return String(path.length === 0 ? names.ref(id) : names.attribute(id, path.join(".")));
  });
}
