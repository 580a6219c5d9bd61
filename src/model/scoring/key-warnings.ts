import {
  cutText,
  type CellIssue,
  nearestText,
  type Contract,
  memberNamed,
  spellingsOf,
} from "../../data/contract/index.js";

/** Limit on the unknown keys that are named for one record. */
const mostUnknown = 20;

/** Warnings about the keys of records, apart from their values. */
export interface KeyWarnings {
  /** Keys without a column: those that suggest the intended column, and others. */
  unknown(record: unknown): { readonly meant: readonly CellIssue[]; readonly others: readonly CellIssue[] };
  /** Features that the record lacks although they are not optional. */
  absent(record: unknown): CellIssue[];
}

const noKeys = { meant: [], others: [] } as const;
const none: Readonly<Record<string, unknown>> = {};
const membersOf = (record: unknown): Readonly<Record<string, unknown>> =>
  typeof record === "object" && record !== null && !Array.isArray(record)
    ? (record as Readonly<Record<string, unknown>>)
    : none;

/** A misspelled key would otherwise be a missing value, scored without a warning. */
export function keyWarnings({ columns }: Contract): KeyWarnings {
  const spellings = spellingsOf(columns.map(({ name }) => name));
  const holds = (members: Readonly<Record<string, unknown>>, name: string): boolean =>
    memberNamed(members, name, spellings.others(name)) !== undefined;
  const features = columns.filter(({ role }) => role === "feature");
  const needed = features
    .filter(({ optional, default: value }) => !optional && value === undefined)
    .map(({ name }) => name);
  return {
    unknown(record) {
      const members = membersOf(record);
      const keys = Object.keys(members).filter((key) => !spellings.columns.has(key));
      if (keys.length === 0) return noKeys;
      const meant: CellIssue[] = [];
      const rest: CellIssue[] = [];
      const free = features.flatMap(({ name }) => (holds(members, name) ? [] : [name]));
      for (const key of keys.slice(0, mostUnknown)) {
        const nearest = nearestText(key, free);
        const hint = nearest === undefined ? "" : `; perhaps you meant ${JSON.stringify(cutText(nearest))}`;
        const message = `${JSON.stringify(cutText(key))} is not a column of the contract and was left out${hint}`;
        (nearest === undefined ? rest : meant).push({ column: cutText(key), rule: "extraColumn", value: "", message });
      }
      return { meant, others: rest };
    },
    absent(record) {
      const members = membersOf(record);
      return needed.flatMap((name) => {
        if (holds(members, name)) return [];
        return [
          {
            column: name,
            rule: "missingColumn",
            value: "",
            message: `Column "${cutText(name)}": the record has no such key, so it counts as missing`,
          },
        ];
      });
    },
  };
}
