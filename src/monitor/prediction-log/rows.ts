import type { Contract } from "../../data/contract/index.js";
import { tableFromRecords } from "../../data/read/index.js";
import { recordOf } from "../../data/table/index.js";
import type { CapturedPrediction } from "../capture/capture.js";
import { featureColumns } from "./columns.js";
import type { LogRow } from "./files.js";
import type { Labels, OutcomeRules } from "./outcomes.js";

/** How rows are made of captured predictions. */
export interface LogRules extends OutcomeRules {
  readonly contract: Contract;
}

/** Predictions with their outcomes, as rows in an order that does not depend on how they were read. */
export function logRows(
  captured: readonly CapturedPrediction[],
  labels: Labels,
  rules: LogRules,
  now: number,
): LogRow[] {
  const predictions = distinct(captured);
  const values = featureValues(predictions, rules.contract);
  return predictions.map((each, i) => {
    const { predictionId = null, id, at, version, probability, label, treated = false, control = false } = each;
    const { outcome, state } = labels.outcomeOf({ predictionId, id, at: Date.parse(at) }, rules, now);
    return {
      prediction_id: predictionId ?? id,
      id,
      predicted_at: at,
      version,
      probability,
      label,
      treated,
      control,
      outcome,
      outcome_state: state,
      ...values[i],
    };
  });
}

/** In order of time, then ids; what was written down twice counts once. */
function distinct(captured: readonly CapturedPrediction[]): CapturedPrediction[] {
  const keyed = captured.map((each) => {
    const { at, predictionId, id } = each;
    const whole = JSON.stringify(each);
    // Without an id of its own, only an equal line is the same prediction.
    return { each, key: [at, predictionId ?? "", id ?? "", predictionId === undefined ? whole : ""].join("\n"), whole };
  });
  keyed.sort((a, b) => compare(a.key, b.key) || compare(a.whole, b.whole));
  return keyed.filter(({ key }, i) => keyed[i - 1]?.key !== key).map(({ each }) => each);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The features of each record, as the contract reads them; none of a record that breaks it. */
function featureValues(predictions: readonly CapturedPrediction[], contract: Contract): LogRow[] {
  const columns = featureColumns(contract);
  if (predictions.length === 0) return [];
  const features = {
    ...contract,
    target: undefined,
    columns: contract.columns.filter(({ role }) => role === "feature"),
  };
  const table = tableFromRecords(
    features,
    predictions.map(({ record }) => record),
  );
  const values: LogRow[] = predictions.map(() => ({}));
  table.rowNumbers.forEach((place, row) => {
    const record = recordOf(table, row);
    values[place] = Object.fromEntries(columns.map(({ name, feature }) => [name, record[feature] ?? null]));
  });
  return values;
}
