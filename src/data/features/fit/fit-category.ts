import { oneHotNames } from "../blocks/names.js";
import type { CategoryPolicy } from "../policy.js";
import type { OneHotBlock } from "../recipe.js";
import { dropped, rareRows, type Candidate, type Fitted } from "./candidate.js";
import { frequencyBlock, maxLevels } from "./frequency.js";
import { countGroups, ratesDiffer, targetBlock } from "./fit-target.js";
import type { TargetClass } from "./fit-values.js";

/** A category with more levels than this is not one-hot encoded by default. */
const maxOneHotLevels = 30;
/** A category is near-unique, like a name or an id, if more than this share of its values are different. */
const nearUnique = 0.5;

export interface CategoryInput {
  readonly name: string;
  /** Codes in `labels`, -1 for missing. */
  readonly codes: Int32Array;
  readonly labels: readonly string[];
  readonly policy: CategoryPolicy;
  /** The classes whose rates count; undefined if the table has no target. */
  readonly target: readonly TargetClass[] | undefined;
}

function countCodes({ codes, labels }: CategoryInput): { counts: Uint32Array; missing: number } {
  const counts = new Uint32Array(labels.length);
  let missing = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    if (code < 0) missing++;
    else counts[code] = (counts[code] as number) + 1;
  }
  return { counts, missing };
}

/** Names of the levels whose flags are kept, and the treatment of the others. */
function withoutFlags(block: OneHotBlock, gone: ReadonlySet<number>): OneHotBlock | undefined {
  const pool = block.rare.length > 0 ? block.levels.length : -1;
  const missing = block.missing === "column" ? block.average.length - 1 : -1;
  const poolGone = gone.has(pool);
  const average = block.average.filter((_, i) => !gone.has(i));
  if (average.length === 0) return undefined;
  return {
    ...block,
    levels: block.levels.filter((_, i) => !gone.has(i)),
    rare: poolGone ? [] : block.rare,
    silent: [...block.silent, ...block.levels.filter((_, i) => gone.has(i)), ...(poolGone ? block.rare : [])],
    missing: gone.has(missing) ? "silent" : block.missing,
    average,
  };
}

function oneHotCandidate(input: CategoryInput, counts: Uint32Array, missing: number): Candidate | undefined {
  const { name, codes, labels, policy } = input;
  const rows = codes.length;
  const least = policy.rareBelow ?? rareRows(rows);
  const seen = labels.map((_, code) => code).filter((code) => (counts[code] as number) > 0);
  const frequent = seen.filter((code) => (counts[code] as number) >= least);
  const others = seen.filter((code) => (counts[code] as number) < least);
  const pooled = others.reduce((total, code) => total + (counts[code] as number), 0);
  // The model would learn a pool of a few rows by heart, so such levels count as unknown.
  const rare = pooled >= least ? others : [];
  const label = (code: number): string => labels[code] ?? "";
  const flagged = frequent.map((code) => counts[code] as number);
  if (rare.length > 0) flagged.push(pooled);
  if (missing > 0) flagged.push(missing);
  if (flagged.length === 0) return undefined;
  const block: OneHotBlock = {
    kind: "oneHot",
    input: name,
    levels: frequent.map(label),
    rare: rare.map(label),
    silent: [],
    missing: missing > 0 ? "column" : "average",
    average: flagged.map((count) => count / rows),
  };
  const flags = new Int32Array(labels.length).fill(-1);
  frequent.forEach((code, i) => (flags[code] = i));
  for (const code of rare) flags[code] = frequent.length;
  const missingFlag = missing > 0 ? flagged.length - 1 : -1;
  return {
    block,
    flags: {
      names: oneHotNames(block),
      flagOf: (row) => {
        const code = codes[row] as number;
        return code < 0 ? missingFlag : (flags[code] as number);
      },
      without: (gone) => withoutFlags(block, gone),
    },
  };
}

/**
 * Fits a category: one-hot up to 30 levels; above that the target rate of each level (ordered, see `fitRecipe`), unless
 * the levels differ in it by chance, and its frequency; left out if most values are different. Of more than two classes,
 * each has its rate.
 */
export function fitCategory(input: CategoryInput): Fitted {
  const { name, policy, target } = input;
  const { counts, missing } = countCodes(input);
  const present = input.codes.length - missing;
  const distinct = counts.reduce((total, count) => total + (count > 0 ? 1 : 0), 0);
  if (distinct === 0) return dropped(name, "it is missing in every training row");
  if (distinct === 1 && missing === 0) return dropped(name, "it is the same in every training row");
  const encode = policy.encode ?? "auto";
  const many = distinct > maxOneHotLevels;
  if (encode === "auto" && many && distinct > nearUnique * present) {
    return dropped(name, `${distinct} of ${present} values are different, as in a name or an id`);
  }
  if (encode === "oneHot" || (encode === "auto" && !many)) {
    const candidate = oneHotCandidate(input, counts, missing);
    return candidate
      ? { candidates: [candidate], notes: [] }
      : dropped(name, "each of its levels occurs in only a few rows");
  }
  const counted = target?.map(({ of, labels }) => ({
    of,
    groups: countGroups(input.codes, input.labels.length, labels),
  }));
  const rates = encode === "auto" ? counted?.filter(({ groups }) => ratesDiffer(groups)) : counted;
  const wanted = encode === "auto" ? ["target", "frequency"] : [encode];
  const notes = [
    ...(wanted.includes("target") && rates === undefined ? [`${name}: no target rate, the table has no target`] : []),
    ...(encode === "auto" && rates?.length === 0
      ? [`${name}: no target rate, its levels differ in it no more than by chance`]
      : []),
    ...(distinct > maxLevels
      ? [`${name}: of its ${distinct} levels the ${maxLevels} most frequent have their own values`]
      : []),
  ];
  const blocks = [
    ...(wanted.includes("target") && rates
      ? rates.map(({ of, groups }) => targetBlock(name, input.labels, groups, of))
      : []),
    wanted.includes("frequency") ? frequencyBlock(name, input.labels, counts, missing) : undefined,
  ].filter((block) => block !== undefined);
  if (blocks.length === 0) return dropped(name, "its levels differ neither in target rate nor in frequency");
  return { candidates: blocks.map((block) => ({ block, flags: undefined })), notes };
}
