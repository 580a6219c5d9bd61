import { ChurnkitError } from "../../base/errors.js";
import { parseProfile } from "../../data/profile/parse.js";
import type { SegmentProfiles } from "./profiles.js";
import { segmentLabels, segmentLimits, type SegmentRule } from "./rules.js";

/**
 * Reads segment profiles from JSON that anybody may have written; unknown members are dropped.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of what is wrong.
 */
export function parseSegmentProfiles(json: unknown): SegmentProfiles {
  const { format, rows, segments } = members(json, "$");
  if (format !== 1) fail("$.format", "1");
  const parsed = list(segments, "$.segments", segmentLimits.columns).map((item, i) => {
    const path = `$.segments[${i}]`;
    const segment = members(item, path);
    const rule = parseRule(segment["rule"], `${path}.rule`);
    const slices = segmentLabels(rule).length;
    const profiles = list(segment["profiles"], `${path}.profiles`, slices);
    const counts = list(segment["counts"], `${path}.counts`, slices);
    if (profiles.length !== slices || counts.length !== slices) fail(path, `${slices} profiles and counts`);
    return {
      rule,
      profiles: profiles.map((profile) => (profile === null ? null : parseProfile(profile))),
      counts: counts.map((value, slice) => count(value, `${path}.counts[${slice}]`)),
    };
  });
  return { format: 1, rows: count(rows, "$.rows"), segments: parsed };
}

function parseRule(json: unknown, path: string): SegmentRule {
  const rule = members(json, path);
  const column = text(rule["column"], `${path}.column`);
  if (rule["by"] === "levels") {
    const levels = list(rule["levels"], `${path}.levels`, segmentLimits.levels);
    return { column, by: "levels", levels: levels.map((level, i) => text(level, `${path}.levels[${i}]`)) };
  }
  const kind = (["number", "boolean", "date"] as const).find((name) => name === rule["kind"]);
  if (rule["by"] !== "ranges" || kind === undefined) return fail(path, "levels, or ranges of a number, boolean or date");
  const edges = list(rule["edges"], `${path}.edges`, segmentLimits.levels).map((edge, i) =>
    typeof edge === "number" && Number.isFinite(edge) ? edge : fail(`${path}.edges[${i}]`, "a finite number"),
  );
  if (edges.some((edge, i) => i > 0 && edge <= (edges[i - 1] ?? edge))) fail(`${path}.edges`, "increasing edges");
  if (kind === "boolean" && edges.length !== 1) fail(`${path}.edges`, "one edge between false and true");
  return { column, by: "ranges", kind, edges };
}

type Members = Readonly<Record<string, unknown>>;

const members = (value: unknown, path: string): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : fail(path, "an object");

const list = (value: unknown, path: string, limit: number): readonly unknown[] =>
  Array.isArray(value) && value.length <= limit ? value : fail(path, `an array of at most ${limit}`);

const text = (value: unknown, path: string): string =>
  typeof value === "string" && value.length <= 10_000 ? value : fail(path, "a text of at most 10000 characters");

const count = (value: unknown, path: string): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : fail(path, "a count");

function fail(path: string, expected: string): never {
  throw new ChurnkitError("INPUT_MALFORMED", `These segment profiles are malformed at ${path}: expected ${expected}. Make them with profileSegments.`, {
    where: { path },
  });
}
