import { listedLabels } from "../../data/table/index.js";
import { severities, type ColumnDrift, type DriftReport, type Severity } from "../report.js";
import { worst } from "./verdict.js";
import { percent } from "./words.js";

/** One thing to do about a report. */
export interface Advice {
  readonly severity: Severity;
  /** Advice in a sentence or two. */
  readonly action: string;
  /** The affected columns. */
  readonly columns: readonly string[];
}

/**
 * Returns advice on a report, the most urgent first: faults of the data before drift of the world, because retraining
 * on broken data makes the model worse.
 *
 * @returns at least one entry, the worst as severe as the report; a calm report has one that says so.
 */
export function driftAdvice(report: DriftReport): Advice[] {
  const drifted = report.columns.filter(({ verdict }) => verdict === "drift");
  const advice = [
    ...rejectedAdvice(report),
    ...labelAdvice(report),
    ...faults(drifted.filter(({ role }) => role !== "ignored")),
    ...unreadAdvice(drifted.filter(({ role }) => role === "ignored")),
    ...conceptAdvice(report),
    ...targetAdvice(report),
    ...featureAdvice(report, drifted),
    ...predictionAdvice(report),
    ...segmentAdvice(report, drifted),
    ...rowsAdvice(report),
  ];
  return advice.length > 0 ? advice : [{ severity: "none", action: "Nothing to do. Keep watching.", columns: [] }];
}

function rejectedAdvice({ rejected }: DriftReport): Advice[] {
  if (rejected.severity === "none") return [];
  const action =
    "More rows break the contract than before. Run churnkit validate on the current file and fix its source first.";
  return [{ severity: rejected.severity, action, columns: [] }];
}

function labelAdvice({ unknownLabels: unknown }: DriftReport): Advice[] {
  return (["reference", "current"] as const).flatMap((side): Advice[] => {
    const labels = unknown?.[side];
    if (labels === undefined || labels.rows === 0) return [];
    const where = side === "reference" ? "the reference" : "the current data";
    const action = `Find out what these labels in ${where} mean; they are not classes of the target: ${listedLabels(labels)}. The label comparison leaves their rows out.`;
    return [{ severity: "none", action, columns: [] }];
  });
}

/** Missing values, new levels and changed units are more often faults of a source than changes of customers. */
function faults(drifted: readonly ColumnDrift[]): Advice[] {
  const having = (what: string): readonly ColumnDrift[] =>
    drifted.filter(({ shifts }) => shifts.some((shift) => shift.what === what && shift.severity !== "none"));
  const missing = having("missing").map((column): Advice => {
    const { name, missing: share, severity } = column;
    const rose = share.current > share.reference;
    const action = rose
      ? `Ask where "${name}" comes from: ${percent(share.current)} of its values are missing now, ${percent(share.reference)} before.`
      : `"${name}" is missing less often than before (${percent(share.current)}, ${percent(share.reference)} before): check where the values come from now.`;
    return { severity, action, columns: [name] };
  });
  const levels = having("newLevels").map(({ name, kind, newLevels, severity }): Advice => {
    const names = newLevels
      .slice(0, 3)
      .map((level) => `"${level}"`)
      .join(", ");
    const action =
      kind === "number" || kind === "boolean" || kind === "date"
        ? `Find out why "${name}" is no longer the same in every row.`
        : `Find out what the new levels of "${name}" ${names === "" ? "" : `(${names}) `}mean: if they are spelling variants, map them to known levels; otherwise train with rows that have them.`;
    return { severity, action, columns: [name] };
  });
  const units = drifted
    .filter(({ message }) => message.includes("as if the unit had changed"))
    .map(({ name, severity }): Advice => ({
      severity,
      action: `Check the unit of "${name}" and convert it before scoring.`,
      columns: [name],
    }));
  return [...missing, ...levels, ...units];
}

/** Columns that were left out because they carried no information, and now may. */
function unreadAdvice(drifted: readonly ColumnDrift[]): Advice[] {
  return drifted.map(({ name, severity, values }): Advice => {
    const before = values.reference === 0 ? "no value" : "one value";
    const action = `"${name}" was ${before} in the reference and now has other values. The model does not use it. Find out what it means, and if it matters, train with rows that have it.`;
    return { severity, action, columns: [name] };
  });
}

function conceptAdvice({ concept, target }: DriftReport): Advice[] {
  if (concept?.verdict !== "drift") return [];
  const action =
    "The same customers now leave at a different rate. Retrain on recent labeled rows; until then the probabilities are wrong.";
  return [{ severity: worst([concept.severity, target?.severity ?? "none"]), action, columns: [] }];
}

function targetAdvice({ target, concept }: DriftReport): Advice[] {
  if (target?.verdict !== "drift" || concept?.verdict === "drift") return [];
  const action = "The share of positives changed. Check the threshold and the calibration on recent labeled rows.";
  return [{ severity: target.severity, action, columns: target.drifted }];
}

function featureAdvice({ features, prediction, ranking }: DriftReport, drifted: readonly ColumnDrift[]): Advice[] {
  if (features.verdict !== "drift") return [];
  const names = drifted.filter(({ role }) => role === "feature").map(({ name }) => name);
  const [first] = ranking;
  const order =
    first !== undefined && first.score > 0 ? ` Start with "${first.name}", which matters most to the model.` : "";
  const still = prediction !== null && prediction.verdict === "stable";
  const action = still
    ? "The inputs moved but the predictions did not. Check where these columns come from, and check quality when labels arrive."
    : `If the sources are correct, the customers have changed. Check quality on labeled rows, and retrain if it fell.${order}`;
  return [{ severity: features.severity, action, columns: names }];
}

/** Columns may have moved together while each alone looks unchanged. */
function predictionAdvice({ features, prediction }: DriftReport): Advice[] {
  if (prediction?.verdict !== "drift") return [];
  const action =
    features.verdict === "drift"
      ? "The predictions moved with the inputs. Check the threshold and how many customers are called."
      : "The predictions moved but no single column did, so columns may have moved together. Compare segments, make sure that the same model made all predictions, and check quality on labeled rows.";
  return [{ severity: prediction.severity, action, columns: prediction.drifted }];
}

/** A slice matters if its columns moved more than the whole. */
function segmentAdvice({ segments }: DriftReport, drifted: readonly ColumnDrift[]): Advice[] {
  const rank = (severity: Severity): number => severities.indexOf(severity);
  const whole = new Map(drifted.map(({ name, severity }) => [name, rank(severity)]));
  return segments
    .filter(({ worst: name, severity }) => rank(severity) > (whole.get(name ?? "") ?? 0))
    .slice(0, 3)
    .map(({ column, level, worst: name, severity }): Advice => {
      const how = whole.has(name ?? "") ? "most" : "alone";
      const action = `Look at the rows whose "${column}" is "${level}": ${name === null ? "something" : `"${name}"`} moved there ${how}.`;
      return { severity, action, columns: name === null ? [] : [name] };
    });
}

function rowsAdvice({ verdict, columns }: DriftReport): Advice[] {
  if (columns.length === 0 && verdict !== "drift") {
    const action =
      "Nothing was compared. Give a reference whose columns have more than one value, with columns other than ids and ignored ones.";
    return [{ severity: "none", action, columns: [] }];
  }
  const unjudged = columns.filter((column) => column.verdict === "insufficient");
  if (unjudged.length === 0) return [];
  const action =
    verdict === "insufficient"
      ? "Collect more rows before you decide."
      : "Collect more rows for the columns that could not be judged.";
  return [{ severity: "none", action, columns: unjudged.map(({ name }) => name) }];
}
