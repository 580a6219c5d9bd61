/**
 * Contracts, reading, quality rules, splits, profiles and features.
 *
 * @module churnkit/data
 */
export { cellReader, isIssue, type Cell, type CellReader } from "./contract/cells.js";
export { contractHash } from "./contract/contract-hash.js";
export {
  columnKinds,
  columnRoles,
  type BooleanColumn,
  type CategoryColumn,
  type Column,
  type ColumnKind,
  type ColumnRole,
  type Contract,
  type DateColumn,
  type NumberColumn,
  type NumberFormat,
  type Range,
  type Target,
  type TextColumn,
} from "./contract/contract.js";
export { contractOf, type ContractOptions } from "./contract/from-zod.js";
export {
  contractInference,
  inferContract,
  type ContractInference,
  type InferenceOptions,
  type InferredContract,
} from "./contract/infer.js";
export { parseContract } from "./contract/parse.js";
export type {
  BooleanColumns,
  CategoryColumns,
  ColumnName,
  ColumnsOfKind,
  DateColumns,
  IsoDateText,
  KindOf,
  NumericColumns,
  RequestOf,
  RowOf,
} from "./contract/row-types.js";
export { toTypeScript } from "./contract/typescript.js";
export type { ColumnMeta } from "./contract/zod/meta.js";
export { defineDataset, type Dataset, type DatasetOptions, type RequestType, type RowType } from "./dataset.js";

export { readDelimited, type NameHints } from "./read/csv.js";
export { inferDelimited, inferJsonLines, type InferOptions } from "./read/infer-source.js";
export { readJsonLines } from "./read/json-lines.js";
export { defaultLimits, type ReadLimits, type ReadOptions } from "./read/options.js";
export type { ByteSource } from "./read/bytes.js";
export { inferFromFile, readCsv, readTable } from "./read/read-file.js";

export { concatTables } from "./table/concat-tables.js";
export { hashTable } from "./table/hash-table.js";
export { labels } from "./table/labels.js";
export { recordOf, type RecordValue } from "./table/record-of.js";
export { tableFromRecords } from "./table/records.js";
export { rowBuffer, type RowBuffer } from "./table/row-buffer.js";
export type { RowOptions, TargetMode } from "./table/row-options.js";
export type { CellIssue, CodedData, ColumnData, NumericData, RejectedRow, Table } from "./table/table.js";
export { takeRows } from "./table/take-rows.js";
export type { CsvValue } from "./table/csv-line.js";
export { writeCsv, type CsvRecord } from "./table/write-csv.js";

export { kFold, type Fold } from "./split/folds.js";
export { splitByTime, type TimeCuts, type TimeShares } from "./split/time.js";
export { split, splitByRowNumbers, type Split, type SplitOptions } from "./split/split.js";

export { findLeaks, type LeakOptions } from "./quality/leaks.js";
export { qualityRules, type Finding, type FindingSeverity, type QualityRule } from "./quality/rules.js";
export { validateTable, type Validation, type ValidationOptions } from "./quality/validate.js";

export { mergeProfiles, withColumn } from "./profile/merge.js";
export { profileOf, type CutOptions } from "./profile/numeric.js";
export { parseProfile } from "./profile/parse.js";
export type { CategoryProfile, ColumnProfile, Moments, NumericProfile, Profile } from "./profile/profile.js";
export { profileAgainst, profileTable } from "./profile/table.js";

export {
  defineFeatures,
  numericEncodings,
  type DerivedColumns,
  type FeatureOptions,
  type Features,
  type NamedPolicy,
  type NumericEncoding,
  type Policies,
} from "./features/define.js";
export { compileRecipe, explainEncoding, type EncodedColumn, type Encoder } from "./features/encode.js";
export type {
  BooleanExpression,
  Call,
  CategoryExpression,
  ColumnReference,
  ColumnsOf,
  DateExpression,
  Expression,
  NumberLike,
  NumericExpression,
  ParameterValue,
  Typed,
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
  type Seasonality,
} from "./features/expressions/date-builders.js";
export { operators, type OperatorName } from "./features/expressions/operators.js";
export { parseExpression } from "./features/expressions/parse.js";
export type { Folds } from "./features/fit/cross-fit.js";
export { fitRecipe, type FitOptions, type FittedRecipe } from "./features/fit/fit-recipe.js";
export { parseRecipe } from "./features/parse-recipe.js";
export type { ColumnPolicy } from "./features/policy.js";
export type {
  DerivedColumn,
  FeatureBlock,
  FrequencyBlock,
  NumericBlock,
  OneHotBlock,
  PiecewiseBlock,
  Recipe,
  TargetBlock,
  ValuesBlock,
} from "./features/recipe.js";

export {
  bestPossible,
  syntheticContract,
  syntheticCustomers,
  type SyntheticCustomer,
  type SyntheticCustomers,
  type SyntheticOptions,
} from "./synthetic.js";
