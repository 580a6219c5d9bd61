const longest = 500;
const most = 250;

/** The name without the characters that a tracker refuses. */
const fit = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9_\-./: ]/g, "_")
    .replace(/\.{2,}/g, ".")
    .replace(/^[./ ]+|[./ ]+$/g, "_")
    .slice(0, 250);

const short = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

/**
 * Parameters as flat texts: `{ trees: { leaves: 31 } }` is `trees.leaves`; lists are JSON. A long text is cut, because the
 * bundle has the whole.
 */
export function flatParameters(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  const flat = new Map<string, string>();
  const walk = (path: string, value: unknown): void => {
    if (value === undefined || flat.size >= most) return;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, member] of Object.entries(value)) walk(path === "" ? key : `${path}.${key}`, member);
      return;
    }
    flat.set(fit(path), short(typeof value === "string" ? value : (JSON.stringify(value) ?? "")));
  };
  walk("", parameters);
  flat.delete("");
  return Object.fromEntries(flat);
}
