/**
 * Contracts, reading, quality rules, splits, profiles and features.
 *
 * @module churnkit/data
 */
export { contractHash } from "./contract/contract-hash.js";
export type { Column, Contract } from "./contract/contract.js";
export { contractOf } from "./contract/from-zod.js";
export { inferContract, type InferredContract } from "./contract/infer.js";
export { parseContract } from "./contract/parse-contract.js";
export { toTypeScript } from "./contract/typescript.js";
export { defineDataset, type Dataset, type RequestType, type RowType } from "./dataset.js";

export { readDelimited } from "./read/csv.js";
export { inferDelimited, inferJsonLines } from "./read/infer-source.js";
export { readJsonLines } from "./read/json-lines.js";
export type { ReadOptions } from "./read/options.js";
export type { ByteSource } from "./read/bytes.js";
export { inferFromFile, readCsv, readTable } from "./read/read-file.js";

export { labels } from "./table/labels.js";
export { recordOf } from "./table/record-of.js";
export { tableFromRecords } from "./read/records.js";
export type { ColumnData, RejectedRow, Table } from "./table/table.js";
export { writeCsv } from "./table/write-csv.js";

export { kFold } from "./split/folds.js";
export { splitByTime } from "./split/time.js";
export { split, splitByRowNumbers, type Split } from "./split/split.js";

export { findLeaks } from "./quality/leaks.js";
export type { Finding } from "./contract/rules.js";
export { validateTable, type Validation } from "./quality/validate.js";

export { mergeProfiles } from "./profile/merge.js";
export { parseProfile } from "./profile/parse-profile.js";
export type { Profile } from "./profile/profile.js";
export { profileAgainst, profileTable } from "./profile/profile-table.js";

export { defineFeatures, type Features } from "./features/define.js";
export { compileRecipe, type Encoder } from "./features/encode.js";
export { explainEncoding } from "./features/explain-encoding.js";
export type {
  BooleanExpression,
  CategoryExpression,
  DateExpression,
  Expression,
  NumericExpression,
} from "./features/expression.js";
export {
  abs,
  bucket,
  clip,
  coalesce,
  column,
  constant,
  countOf,
  cross,
  difference,
  equals,
  isIn,
  isMissing,
  log1p,
  maximum,
  meanOf,
  minimum,
  negate,
  product,
  ratio,
  sqrt,
  sum,
  trend,
} from "./features/expressions/builders.js";
export {
  dayOfMonth,
  dayOfWeek,
  daysBetween,
  daysSince,
  monthOf,
  seasonality,
  yearOf,
} from "./features/expressions/date-builders.js";
export { fitRecipe, type FittedRecipe } from "./features/fit/fit-recipe.js";
export type { Recipe } from "./features/recipe.js";

export { syntheticContract, syntheticCustomers } from "./synthetic.js";
