/** Limits that guard memory and messages against a hostile schema, contract file or header. */
export const contractLimits = {
  columns: 10_000,
  /** Levels of one category. */
  levels: 100_000,
  /** Missing markers of one column, and texts of a boolean. */
  texts: 1_000,
  /** Characters of a name or unit. */
  name: 300,
  /** Characters of a description. */
  description: 10_000,
} as const;

const forbiddenNames = new Set(["__proto__", "constructor", "prototype"]);

/** Explains why a column cannot have this name; undefined if it can. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === "") return "a column name must not be empty";
  if (name !== name.trim()) return `the column name ${JSON.stringify(name.slice(0, 80))} has blanks at its ends`;
  if (forbiddenNames.has(name)) return `a column must not be called ${JSON.stringify(name)}; rename it`;
  if (name.length > contractLimits.name) {
    return `the column name "${name.slice(0, 40)}..." has ${name.length} characters; the limit is ${contractLimits.name}`;
  }
  return undefined;
}

/** Problem with a list of column names: each bad name, each repeated one, too many. */
export function namesProblems(names: readonly string[]): string[] {
  if (names.length > contractLimits.columns) {
    return [`there are ${names.length} columns; the limit is ${contractLimits.columns}`];
  }
  const seen = new Set<string>();
  const problems: string[] = [];
  names.forEach((name, index) => {
    const problem = nameProblem(name);
    if (problem !== undefined) problems.push(`${problem} (column ${index + 1})`);
    else if (seen.has(name))
      problems.push(`the column ${JSON.stringify(name)} occurs more than once (column ${index + 1})`);
    seen.add(name);
  });
  return problems;
}
