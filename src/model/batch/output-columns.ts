/**
 * Names output columns next to those of a customer's file. A name that the file already uses gets the prefix
 * `churnkit_`, so that no two columns share a name.
 */
export function outputColumns(taken: readonly string[], names: readonly string[]): string[] {
  const used = new Set(taken);
  return names.map((wanted) => {
    let name = wanted;
    while (used.has(name)) name = `churnkit_${name}`;
    used.add(name);
    return name;
  });
}
