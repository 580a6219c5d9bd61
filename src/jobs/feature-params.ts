import {
  list,
  oneOf,
  strictObject,
  text,
  version,
  withDefault,
  type Decoded,
  type JsonValue,
} from "../base/json/index.js";
import { type Contract, parseContract } from "../data/contract/index.js";
import {
  defineFeatures,
  numericEncodings,
  type Features,
  type Expression,
  type ColumnPolicy,
} from "../data/features/index.js";

const anything = (json: JsonValue): unknown => json.value;
const most = 10_000;
const members = {
  numeric: withDefault(oneOf(numericEncodings), "both"),
  derived: withDefault(list(strictObject({ name: text(), expression: anything }), most), []),
  policies: withDefault(list(strictObject({ column: text(), policy: anything }), most), []),
};

/** Features as params of a step, before a contract can check them. */
export const featureParams = strictObject(members);
const written = strictObject({ ...members, format: version(1), contract: (json) => parseContract(json.value) });

/** Reads features from JSON, with the checks of features in code. */
export const featuresOf = (
  contract: Contract,
  { numeric, derived, policies }: Decoded<typeof featureParams>,
): Features =>
  defineFeatures(contract, {
    numeric,
    derive: () => Object.fromEntries(derived.map(({ name, expression }) => [name, expression as Expression])),
    columns: Object.fromEntries(policies.map(({ column, policy }) => [column, policy as ColumnPolicy])),
  });

/** Reads features from their stored form. */
export function featuresFromJson(json: JsonValue): Features {
  const { contract, ...rest } = written(json);
  return featuresOf(contract, rest);
}
