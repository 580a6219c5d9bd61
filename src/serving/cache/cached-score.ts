import { quietly } from "../../base/async/index.js";
import { textHash } from "../../base/hash.js";
import { canonicalJson } from "../../base/json/index.js";
import type { ScoredRecord } from "../../model/scoring/index.js";
import type { ServedModel } from "../models/index.js";
import type { AnswerCache } from "./answer-cache.js";

/** Scores one record, whose body had so many bytes. */
export type ScoreOne = (record: unknown, bytes: number) => ScoredRecord | Promise<ScoredRecord>;

/** To hash a longer record takes longer than to score it. */
const mostBytes = 16_384;

/**
 * Scores of a model by way of a cache. Only scores without a warning are kept, because a warning repeats what the record holds.
 */
export function cachedScore(cache: AnswerCache, { scorer, name, version }: ServedModel): ScoreOne {
  // An answer in the cache has one probability.
  if ((scorer.contract.target?.classes.length ?? 2) > 2) return (record) => scorer.scoreRecord(record);
  const begin = canonicalJson([name, version, scorer.decision.threshold]);
  const score = (record: unknown, key: string): ScoredRecord => {
    const result = scorer.scoreRecord(record);
    const { probability, label, issues } = result;
    if (probability !== null && issues.length === 0) quietly(() => cache.set(key, `${probability} ${label}`));
    return result;
  };
  return (record, bytes) => {
    const key = bytes > mostBytes ? undefined : keyOf(begin, record);
    if (key === undefined) return scorer.scoreRecord(record);
    const found = got(cache, key);
    if (found instanceof Promise)
      return found.then(
        (text) => scoreIn(text) ?? score(record, key),
        () => score(record, key),
      );
    return scoreIn(found) ?? score(record, key);
  };
}

function got(cache: AnswerCache, key: string): ReturnType<AnswerCache["get"]> {
  try {
    return cache.get(key);
  } catch {
    return undefined;
  }
}

function keyOf(begin: string, record: unknown): string | undefined {
  try {
    return textHash(begin + canonicalJson(record));
  } catch {
    // A number such as 1e999, which JSON can write but not hold.
    return undefined;
  }
}

const none: ScoredRecord["issues"] = Object.freeze([]);

function scoreIn(text: unknown): ScoredRecord | undefined {
  if (typeof text !== "string") return undefined;
  const space = text.indexOf(" ");
  const probability = space < 1 ? NaN : Number(text.slice(0, space));
  return probability >= 0 && probability <= 1 ? { probability, label: text.slice(space + 1), issues: none } : undefined;
}
