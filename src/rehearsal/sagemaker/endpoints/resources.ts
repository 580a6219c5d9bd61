import { invalid } from "../../front/aws-error.js";
import { pageOf } from "../../front/pages.js";

/** Something that was created by name. */
export interface Resource<Input> {
  readonly name: string;
  readonly arn: string;
  readonly input: Input;
  /** Seconds since 1970, as on the wire. */
  readonly created: number;
}

/** Resources of one kind by name, with SageMaker's errors. */
export interface Resources<Entry extends Named> {
  add(entry: Entry): void;
  readonly find: (name: string | undefined) => Entry;
  has(name: string): boolean;
  remove(name: string | undefined): Entry;
  list(
    query: ListQuery,
    has?: (entry: Entry) => boolean,
  ): { readonly page: readonly Entry[]; readonly NextToken: string | undefined };
}

interface Named {
  readonly name: string;
  readonly created: number;
}

/** What all List calls take. */
export interface ListQuery {
  readonly NameContains?: string | undefined;
  readonly SortOrder?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/**
 * @param kind as messages name it.
 * @param arn of the resource of a name.
 */
export function resources<Entry extends Named>(kind: string, arn: (name: string) => string): Resources<Entry> {
  const entries = new Map<string, Entry>();

  function find(name = ""): Entry {
    const found = entries.get(name);
    if (found === undefined) throw invalid(`Could not find ${kind} "${arn(name)}".`);
    return found;
  }

  return {
    find,
    has: (name) => entries.has(name),
    add(entry) {
      if (entries.has(entry.name)) throw invalid(`Cannot create already existing ${kind} "${arn(entry.name)}".`);
      entries.set(entry.name, entry);
    },
    remove(name) {
      const found = find(name);
      entries.delete(found.name);
      return found;
    },
    list({ NameContains = "", SortOrder = "Descending", ...query }, has = () => true) {
      const found = [...entries.values()].filter((each) => each.name.includes(NameContains) && has(each));
      // They stand in the order of their creation.
      if (SortOrder === "Descending") found.reverse();
      const { items, ...rest } = pageOf(found, query);
      return { page: items, ...rest };
    },
  };
}
