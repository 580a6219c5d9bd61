import {
  count,
  formerly,
  list,
  nullable,
  number,
  object,
  oneOf,
  text,
  version,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { countNames, groupCounts, type BiasCounts, type GroupCounts } from "./counts.js";

const name = text(10_000);
const maxFacets = 10_000;

/** The favorable outcome for a customer. */
export const favorable = formerly("favourable", oneOf(["positive", "negative"]));

const group: Decoder<GroupCounts> = (json) => groupCounts(countNames.map((key) => count()(json.get(key))));

/** Counts by {@link countBias}, as a part of another document. */
export const biasCounts: Decoder<BiasCounts> = object({
  format: version(1),
  rows: count(),
  favorable,
  threshold: nullable(number(0, 1)),
  facets: list(
    object({ column: name, group: name, against: name, disadvantaged: group, advantaged: group }),
    maxFacets,
  ),
  missing: list(object({ column: name, rows: count() }), maxFacets),
});

const malformed = documentError("INPUT_MALFORMED", "", "Give what countBias returned.");

/**
 * Reads counts from JSON, such as a baseline stored with a model.
 *
 * @throws ChurnkitError INPUT_MALFORMED for anything that `countBias` does not write, naming the place.
 */
export const parseBiasCounts = (json: unknown): BiasCounts =>
  biasCounts(JsonValue.of(json, "The JSON of bias counts", malformed));
