/** Deeper than anything churnkit writes: the largest expression, of 32 calls, nests about 70 deep. */
export const mostJsonDepth = 200;

/** JSON that is refused; `path` says where, if the problem has a place. */
export class JsonRefused extends SyntaxError {
  readonly path: string | undefined;

  constructor(message: string, path?: string) {
    super(message);
    this.path = path;
  }
}

/**
 * `JSON.parse` for untrusted text. The result can be walked recursively without a stack overflow, and no member of it
 * can change an object's prototype when it is copied.
 *
 * @throws JsonRefused if the text nests deeper than {@link mostJsonDepth}, or has a member named `__proto__`;
 * SyntaxError if it is not JSON.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Searching for characters costs a hundredth of parsing, and in most texts it shows that nothing needs checking.
  if ((text.includes("__proto__") || text.includes("\\u") || opensBeyond(text, mostJsonDepth)) && isObject(value))
    check(value, 1, []);
  return value;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Returns whether there are more opening brackets than the limit, counting those inside texts. */
function opensBeyond(text: string, most: number): boolean {
  let opens = 0;
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (++opens > most) return true;
  }
  return false;
}

/**
 * Checked on the value: the engine's own parser accepts any depth, and the value is much smaller than its text.
 *
 * @param path the keys above the value; the rest of the array is stale.
 */
function check(value: object, depth: number, path: string[]): void {
  if (depth > mostJsonDepth) throw new JsonRefused(`nests deeper than ${mostJsonDepth} levels`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const member: unknown = value[i];
      if (!isObject(member)) continue;
      path[depth - 1] = String(i);
      check(member, depth + 1, path);
    }
    return;
  }
  for (const key in value) {
    if (key === "__proto__")
      throw new JsonRefused(
        "has a member named __proto__, which is not allowed",
        ["$", ...path.slice(0, depth - 1)].join("."),
      );
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (!isObject(member)) continue;
    path[depth - 1] = key;
    check(member, depth + 1, path);
  }
}
