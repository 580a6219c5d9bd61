import { canonicalJson } from "../../base/json/index.js";
import type { Contract } from "../../data/contract/index.js";
import type { Recipe } from "../../data/features/index.js";

/** A member that differs. For lists of texts, such as levels, the change lists additions and removals. */
export interface MemberChange {
  /** `tenure.max`, `target.positive`. */
  readonly path: string;
  /** Absent where the member is. */
  readonly a?: unknown;
  readonly b?: unknown;
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
}

/** How one contract differs from another; plain JSON. */
export interface ContractDiff {
  /** Columns by name. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly MemberChange[];
}

/** How one recipe differs from another: derived columns by name, blocks by input and kind; plain JSON. */
export interface FeatureDiff {
  readonly derived: Differences;
  /** Changed blocks were fitted to other numbers or levels; `members` lists them. */
  readonly blocks: Differences;
}

/** Added, removed and changed members, by name. */
export interface Differences {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly name: string; readonly members: readonly string[] }[];
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

function memberChanges(path: string, a: unknown, b: unknown): MemberChange[] {
  if (same(a, b)) return [];
  if (isObject(a) && isObject(b)) {
    const members = [new Map(Object.entries(a)), new Map(Object.entries(b))] as const;
    const keys = new Set([...members[0].keys(), ...members[1].keys()]);
    return [...keys].flatMap((key) => memberChanges(`${path}.${key}`, members[0].get(key), members[1].get(key)));
  }
  if (isTexts(a) && isTexts(b)) {
    const [before, after] = [new Set(a), new Set(b)];
    const added = b.filter((text) => !before.has(text));
    const removed = a.filter((text) => !after.has(text));
    if (added.length + removed.length > 0) return [{ path, added, removed }];
  }
  return [{ path, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) }];
}

/** Compares two contracts, member by member. The order of columns does not count as a difference. */
export function diffContracts(a: Contract, b: Contract): ContractDiff {
  const before = new Map(a.columns.map((column) => [column.name, column]));
  const after = new Map(b.columns.map((column) => [column.name, column]));
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [
      ...[...before].flatMap(([name, column]) => (after.has(name) ? memberChanges(name, column, after.get(name)) : [])),
      ...memberChanges("target", a.target, b.target),
      ...memberChanges("origin", a.origin, b.origin),
    ],
  };
}

/** Compares two fitted recipes. */
export function diffRecipes(a: Recipe, b: Recipe): FeatureDiff {
  const derived = ({ derived: columns }: Recipe): Map<string, object> =>
    new Map(columns.map((column) => [column.name, column]));
  const blocks = ({ blocks: all }: Recipe): Map<string, object> => {
    const named = new Map<string, object>();
    for (const block of all) {
      const { of } = { of: undefined, ...block };
      const plain = `${block.input} (${block.kind}${of === undefined ? "" : ` of ${of}`})`;
      let name = plain;
      for (let copy = 2; named.has(name); copy++) name = `${plain} #${copy}`;
      named.set(name, block);
    }
    return named;
  };
  return { derived: differences(derived(a), derived(b)), blocks: differences(blocks(a), blocks(b)) };
}

function differences(a: ReadonlyMap<string, object>, b: ReadonlyMap<string, object>): Differences {
  const changed = [...a].flatMap(([name, before]) => {
    const after = b.get(name);
    if (after === undefined || same(before, after)) return [];
    const members = [...new Set(memberChanges("", before, after).map(({ path }) => path.split(".")[1] ?? ""))];
    return [{ name, members }];
  });
  return {
    added: [...b.keys()].filter((name) => !a.has(name)),
    removed: [...a.keys()].filter((name) => !b.has(name)),
    changed,
  };
}
