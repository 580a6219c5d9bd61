/** Names are data of any length, cut so that a plot keeps its shape. */
export const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

/** Cut names for an axis, numbered if two have become equal. */
export function axisNames(names: readonly string[], length: number): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    const short = cut(name, length);
    let unique = short;
    for (let i = 2; used.has(unique); i++) unique = `${short} (${i})`;
    used.add(unique);
    return unique;
  });
}

/** An axis of names in their own order. */
export const nameAxis = {
  field: "name",
  type: "nominal",
  title: null,
  sort: null,
  axis: { ticks: false, domain: false },
};
