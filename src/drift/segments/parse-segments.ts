import {
  count,
  counts,
  increasing,
  list,
  literal,
  nullable,
  numbers,
  object,
  oneOf,
  text,
  texts,
  variants,
  version,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { profileDecoder } from "../../data/profile/index.js";
import type { SegmentProfiles } from "./profiles.js";
import { segmentLabels, segmentLimits, type SegmentRule } from "./rules.js";

const maxText = 10_000;
const column = text(maxText);

const rule: Decoder<SegmentRule> = variants("by", {
  levels: object({ column, by: literal("levels"), levels: texts(segmentLimits.levels, maxText) }),
  ranges(json) {
    const ranges = object({
      column,
      by: literal("ranges"),
      kind: oneOf(["number", "boolean", "date"]),
      edges: increasing(numbers(segmentLimits.levels)),
    })(json);
    if (ranges.kind === "boolean" && ranges.edges.length !== 1)
      throw json.get("edges").not("one edge between false and true");
    return ranges;
  },
});

const segment: Decoder<SegmentProfiles["segments"][number]> = (json) => {
  const by = rule(json.get("rule"));
  const slices = segmentLabels(by).length;
  const profiles = list(nullable(profileDecoder), slices)(json.get("profiles"));
  if (profiles.length !== slices) throw json.get("profiles").not(`${slices} profiles`);
  return { rule: by, profiles, counts: counts(slices)(json.get("counts")) };
};

const segmentProfiles: Decoder<SegmentProfiles> = object({
  format: version(1),
  rows: count(),
  segments: list(segment, segmentLimits.columns),
});

const malformed = documentError("INPUT_MALFORMED", "", "Make them with profileSegments.");

/**
 * Reads segment profiles from untrusted JSON; unknown members are dropped.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of the problem.
 */
export const parseSegmentProfiles = (json: unknown): SegmentProfiles =>
  segmentProfiles(JsonValue.of(json, "The JSON of segment profiles", malformed));
