/** Whether a text fits a pattern of IAM. */
type Fits = (text: string) => boolean;

const escaped = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, "\\$&");
const patternOf = (glob: string, any = ".*", one = "."): string =>
  escaped(glob).replaceAll("*", any).replaceAll("?", one);

/** A pattern with `*` for any text and `?` for any character. */
export function like(glob: string, flags = ""): Fits {
  const pattern = new RegExp(`^${patternOf(glob)}$`, `su${flags}`);
  return (text) => pattern.test(text);
}

/**
 * A pattern of an ARN: wildcards stay within a segment, the part between two colons, but for a `*` at the segment's end, which
 * may reach beyond.
 */
export function arnLike(glob: string): Fits {
  const segments = glob
    .split(":")
    .map((segment) =>
      segment.endsWith("*")
        ? `${patternOf(segment.slice(0, -1), "[^:]*", "[^:]")}.*`
        : patternOf(segment, "[^:]*", "[^:]"),
    );
  const pattern = new RegExp(`^${segments.join(":")}$`, "su");
  return (text) => pattern.test(text);
}
