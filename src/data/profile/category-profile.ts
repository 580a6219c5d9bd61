import type { CodedData } from "../table/table.js";
import { profileLimits, type CategoryProfile } from "./profile.js";

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Counts rows by code, and missing ones separately. */
function countCodes({ codes, levels }: CodedData): { missing: number; counts: Uint32Array } {
  // Code -1 counts in the first place. Neighbors have separate counters, so that equal ones need not wait for each
  // other.
  const even = new Uint32Array(levels.length + 1);
  const odd = new Uint32Array(levels.length + 1);
  const paired = codes.length - (codes.length % 2);
  for (let i = 0; i < paired; i += 2) {
    const first = (codes[i] as number) + 1;
    const second = (codes[i + 1] as number) + 1;
    even[first] = (even[first] as number) + 1;
    odd[second] = (odd[second] as number) + 1;
  }
  if (paired < codes.length) {
    const last = (codes[paired] as number) + 1;
    even[last] = (even[last] as number) + 1;
  }
  for (let code = 0; code < even.length; code++) even[code] = (even[code] as number) + (odd[code] as number);
  return { missing: even[0] as number, counts: even.subarray(1) };
}

/**
 * Profiles one column of labels as a reference. Its levels are the declared ones, then the others found, by name; if
 * there are too many, the most frequent are kept and the rest counted in `other`.
 */
export function categoryProfileOf(name: string, data: CodedData, declared: readonly string[]): CategoryProfile {
  const { missing, counts } = countCodes(data);
  const tally = new Map<string, number>(declared.map((level) => [level, 0]));
  const met = data.levels.map((level, code) => ({ level, count: counts[code] ?? 0 })).filter(({ count }) => count > 0);
  for (const { level, count } of met.sort((a, b) => byText(a.level, b.level))) {
    tally.set(level, (tally.get(level) ?? 0) + count);
  }
  let kept = [...tally];
  let other = 0;
  if (kept.length > profileLimits.levels) {
    const frequent = [...kept].sort((a, b) => b[1] - a[1] || byText(a[0], b[0])).slice(0, profileLimits.levels);
    const names = new Set(frequent.map(([level]) => level));
    other = kept.reduce((total, [level, count]) => total + (names.has(level) ? 0 : count), 0);
    kept = kept.filter(([level]) => names.has(level));
  }
  const levels = kept.map(([level]) => level);
  return { name, kind: "category", missing, levels, counts: kept.map(([, count]) => count), other, newLevels: [] };
}

/** Counts later labels over a reference's levels; labels beyond them go to `other`, the first few by name. */
export function categoryAgainst(reference: CategoryProfile, data: CodedData): CategoryProfile {
  const { missing, counts } = countCodes(data);
  const place = new Map(reference.levels.map((level, i) => [level, i]));
  const found = new Array<number>(reference.levels.length).fill(0);
  const fresh: string[] = [];
  let other = 0;
  data.levels.forEach((level, code) => {
    const count = counts[code] ?? 0;
    if (count === 0) return;
    const at = place.get(level);
    if (at === undefined) {
      other += count;
      fresh.push(level);
    } else found[at] = (found[at] ?? 0) + count;
  });
  // A reference that pools its rare levels cannot tell a new one from a rare one.
  const newLevels = reference.other > 0 ? [] : firstByName(fresh);
  return { ...reference, missing, counts: found, other, newLevels };
}

/** Returns the first few texts in sort order: of a union, the same ones in any order of merging. */
function firstByName(texts: readonly string[]): string[] {
  const cut = texts.map((text) => text.slice(0, 80));
  return [...new Set(cut)].sort(byText).slice(0, profileLimits.newLevels);
}

/** Adds two profiles of the same levels. */
export function mergeCategory(a: CategoryProfile, b: CategoryProfile): CategoryProfile {
  return {
    ...a,
    missing: a.missing + b.missing,
    counts: a.counts.map((value, i) => value + (b.counts[i] ?? 0)),
    other: a.other + b.other,
    newLevels: firstByName([...a.newLevels, ...b.newLevels]),
  };
}
