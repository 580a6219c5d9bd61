/**
 * The names of columns that stand beside those of a customer's file: where a name is one of the file's, `churnkit_` goes
 * before it, so that no two columns are called the same.
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
