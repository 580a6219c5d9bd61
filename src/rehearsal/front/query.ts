/** Namespaces of the answers, by a service's name in signatures. */
const namespaces: Readonly<Record<string, string>> = { sts: "https://sts.amazonaws.com/doc/2011-06-15/" };

/** An answer in AWS's query protocol. The members of an output are texts; nested ones do not occur in our own services. */
export function queryAnswer(service: string, operation: string, output: unknown): string {
  const members = Object.entries(output as Readonly<Record<string, string>>)
    .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    .join("");
  return `<${operation}Response xmlns="${namespaces[service] ?? ""}"><${operation}Result>${members}</${operation}Result></${operation}Response>`;
}

/** An error in the same protocol. */
export const queryError = (name: string, message: string): string =>
  `<ErrorResponse>${s3Error(name, message)}</ErrorResponse>`;

/** An error in S3's. */
export const s3Error = (name: string, message: string): string =>
  `<Error><Code>${escaped(name)}</Code><Message>${escaped(message)}</Message></Error>`;

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? "");

/** A node of the tree that the names of a form make. */
type Node = Map<string, Node | string>;

/**
 * The input that a form of the query protocol stands for: `Tags.member.1.Key` is a list of structures, `Attributes.entry.1.key` a
 * map. Its values are texts still.
 */
export function queryInput(form: URLSearchParams): Record<string, unknown> {
  const root: Node = new Map();
  for (const [name, value] of form) {
    if (name === "Action" || name === "Version") continue;
    const parts = name.split(".");
    const last = parts.pop() ?? "";
    let node = root;
    for (const part of parts) {
      const known = node.get(part);
      const next: Node = known instanceof Map ? known : new Map<string, Node | string>();
      node.set(part, next);
      node = next;
    }
    node.set(last, value);
  }
  return structureOf(root);
}

const structureOf = (node: Node): Record<string, unknown> =>
  Object.fromEntries([...node].map(([name, value]) => [name, typeof value === "string" ? value : valueOf(value)]));

function valueOf(node: Node): unknown {
  const [[kind = "", items] = []] = node;
  if (node.size !== 1 || !(items instanceof Map)) return structureOf(node);
  const isNumbered = [...items.keys()].every((key) => /^\d+$/.test(key));
  if (!isNumbered || (kind !== "member" && kind !== "entry")) return structureOf(node);
  const inOrder = [...items].sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item);
  const values = inOrder.map((item) => (typeof item === "string" ? item : valueOf(item)));
  if (kind === "member") return values;
  // Services name the two parts of an entry as they like: key and value, Name and Value.
  return Object.fromEntries(values.map((entry) => Object.values(entry as object) as [string, unknown]));
}
