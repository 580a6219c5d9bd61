/** Deeper than anything that is written here: an expression of 32 calls, the most there may be, nests some 70 deep. */
export const mostJsonDepth = 200;

/** JSON that is not taken; `path` says where the trouble is, if it has a place. */
export class JsonRefused extends SyntaxError {
  readonly path: string | undefined;

  constructor(message: string, path?: string) {
    super(message);
    this.path = path;
  }
}

/**
 * `JSON.parse` for text that anybody may have written. What it gives can be walked through recursively without running out of
 * stack, and has no member that could change an object's prototype where it is copied.
 *
 * @throws JsonRefused where the text nests deeper than {@link mostJsonDepth}, or has a member named `__proto__`; SyntaxError where
 * it is not JSON.
 */
export function parseJson(text: string): unknown {
  if (deeperThan(text, mostJsonDepth)) throw new JsonRefused(`nests deeper than ${mostJsonDepth} levels`);
  const value: unknown = JSON.parse(text);
  if (/__proto__|\\u/.test(text)) refuseProto(value, "$");
  return value;
}

const quote = 34;
const backslash = 92;
/** `[` and `{`, `]` and `}`, each pair apart by the same bit. */
const opens = 0x5b;
const closes = 0x5d;
const bracketBit = 0x20;

/** Told from the text, since the engine's own parser goes to any depth. */
function deeperThan(text: string, most: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      // To the closing quote; one that was escaped does not close.
      do {
        i = text.indexOf('"', i + 1);
        if (i < 0) return false;
      } while (escaped(text, i));
    } else if ((code & ~bracketBit) === opens) {
      if (++depth > most) return true;
    } else if ((code & ~bracketBit) === closes) depth--;
  }
  return false;
}

/** An odd number of backslashes stands before the place. */
function escaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first--;
  return (at - first) % 2 === 1;
}

function refuseProto(value: unknown, path: string): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === "__proto__") throw new JsonRefused("has a member named __proto__, which is not allowed", path);
    refuseProto(member, `${path}.${key}`);
  }
}
