import { ChurnkitError } from "../../base/errors.js";
import type { CellIssue, Contract, Target } from "../../data/contract/index.js";
import type { compileEncoders } from "../../data/features/index.js";
import { rowBuffer, type RowBuffer, type Table } from "../../data/table/index.js";
import type { Artifact } from "../artifact.js";
import type { ModelScorer } from "../kinds/model-kind.js";
import { calibrate } from "./calibrate.js";
import { calibrateClasses, classPlaces, classResult } from "./class-results.js";
import type { ScoredRecord, Scorer, ScoreRecordsOptions } from "./compile.js";
import { keyWarnings } from "./key-warnings.js";
import { recordWarnings } from "./record-warnings.js";

/** Rows encoded at a time: enough to make calls cheap, few enough to stay in the processor's cache. */
const mostRows = 1024;
/** Limit on the features encoded at a time, so that wide models take no more memory. */
const mostFeatures = 2 ** 20;

/** Makes the scorer of an artifact whose features are encoded by `encoders` and scored by `scorer`. */
export function recordScorer<Request>(
  artifact: Pick<Artifact, "contract" | "calibration" | "decision">,
  { encoder, encodePlain }: ReturnType<typeof compileEncoders>,
  scorer: ModelScorer,
): Scorer<Request> {
  const { contract, calibration, decision } = artifact;
  const target = targetOf(contract);
  const { classes } = scorer;
  const places = classPlaces(target);
  if ((classes?.count ?? 2) !== target.classes.length) {
    const message = `The model has ${classes?.count ?? 2} classes and its contract ${target.classes.length}.`;
    throw new ChurnkitError("CONTRACT_MISMATCH", message);
  }
  const negative = target.classes.find((label) => label !== target.positive) ?? `not ${target.positive}`;
  const chunk = Math.max(1, Math.min(mostRows, Math.floor(mostFeatures / encoder.width)));
  const features = new Float32Array(chunk * encoder.width);
  const raw = new Float64Array(chunk);
  const every = new Float64Array(classes ? chunk * classes.count : 0);
  const plainPlaces = new Uint32Array(chunk);
  const otherPlaces = new Uint32Array(chunk);
  const warnings = recordWarnings(contract);
  const keys = keyWarnings(contract);

  /** Calibrated probabilities, NaN if the model has none. */
  function probabilities(table: Table): Float64Array {
    const out = new Float64Array(table.rows);
    for (let first = 0; first < table.rows; first += chunk) {
      const end = Math.min(first + chunk, table.rows);
      scorer.score(encoder.encode(table, features, first, end), end - first, out.subarray(first, end));
    }
    for (let row = 0; row < out.length; row++) out[row] = calibrate(calibration, out[row] as number);
    return out;
  }

  /** The same for all classes, rows x classes. */
  function classProbabilities(table: Table): Float64Array {
    const out = new Float64Array(table.rows * target.classes.length);
    if (!classes) {
      const place = target.classes.indexOf(target.positive);
      probabilities(table).forEach((p, row) => {
        out[2 * row + place] = p;
        out[2 * row + 1 - place] = 1 - p;
      });
      return out;
    }
    for (let first = 0; first < table.rows; first += chunk) {
      const end = Math.min(first + chunk, table.rows);
      const part = out.subarray(first * classes.count, end * classes.count);
      classes.score(encoder.encode(table, features, first, end), end - first, part);
    }
    calibrateClasses(calibration, out, places);
    return out;
  }

  let buffer: RowBuffer | undefined;

  /** Problem with a refused record. A key that suggests the intended column comes first. */
  function refusal(record: unknown, issues: readonly CellIssue[]): readonly CellIssue[] {
    const { meant, others } = keys.unknown(record);
    return meant.length + others.length === 0 ? issues : [...meant, ...issues, ...others];
  }

  /** Finds what is odd about a scored record. */
  function oddities(record: unknown, table: Table, row: number): readonly CellIssue[] {
    const { meant, others } = keys.unknown(record);
    const absent = keys.absent(record);
    const values = warnings(table, row);
    return meant.length + others.length + absent.length === 0 ? values : [...meant, ...others, ...absent, ...values];
  }

  /**
   * Makes the function that scores records there is something to say about, a chunk at most, by way of a table. It puts
   * no result for those that are refused without a word.
   */
  function othersScorer(mostIssues: number) {
    let left = mostIssues;
    const within = (issues: readonly CellIssue[]): readonly CellIssue[] => {
      const some = issues.length > left ? issues.slice(0, left) : issues;
      left -= some.length;
      return some;
    };
    return (records: readonly unknown[], put: (i: number, result: ScoredRecord) => void): void => {
      buffer ??= rowBuffer(contract, { capacity: chunk });
      const table = buffer.fill(records, undefined, left <= 0);
      if (left <= 0 && table.rows === 0) return;
      encoder.encode(table, features, 0, table.rows);
      const result = scoreEncoded(table.rows);
      for (let i = 0, kept = 0, rejected = 0; i < records.length; i++) {
        if (kept < table.rows && table.rowNumbers[kept] === i) {
          const issues = left > 0 ? within(oddities(records[i], table, kept)) : nothing;
          put(i, result(kept++, issues));
        } else {
          const broken = table.rejected[rejected++];
          put(i, broken !== undefined && left > 0 ? setAside(within(refusal(records[i], broken.issues))) : unexplained);
        }
      }
    };
  }

  function scoreRecords(
    records: readonly unknown[],
    { mostIssues = Infinity }: ScoreRecordsOptions = {},
  ): ScoredRecord[] {
    const scoreOthers = othersScorer(mostIssues);
    const results = new Array<ScoredRecord>(records.length).fill(unexplained);
    for (let first = 0; first < records.length; first += chunk) {
      const end = Math.min(first + chunk, records.length);
      let plain = 0;
      let other = 0;
      for (let i = first; i < end; i++) {
        if (encodePlain(records[i], features, plain)) plainPlaces[plain++] = i;
        else otherPlaces[other++] = i;
      }
      const result = scoreEncoded(plain);
      for (let row = 0; row < plain; row++) results[plainPlaces[row] as number] = result(row, nothing);
      if (other === 0) continue;
      const others =
        plain === 0 ? records.slice(first, end) : Array.from(otherPlaces.subarray(0, other), (place) => records[place]);
      scoreOthers(others, (i, result) => (results[otherPlaces[i] as number] = result));
    }
    return results;
  }

  /** Scores the first rows of `features`, and makes the result of each. */
  function scoreEncoded(rows: number): (row: number, issues: readonly CellIssue[]) => ScoredRecord {
    if (!classes) {
      scorer.score(features, rows, raw);
      return (row, issues) => label(calibrate(calibration, raw[row] as number), issues);
    }
    const table = every.subarray(0, rows * classes.count);
    classes.score(features, rows, table);
    calibrateClasses(calibration, table, places);
    return (row, issues) => {
      const own = table.subarray(row * classes.count, (row + 1) * classes.count);
      return own.every(Number.isFinite) ? classResult(own, target, decision, issues) : setAside([noScore]);
    };
  }

  function label(probability: number, issues: readonly CellIssue[]): ScoredRecord {
    if (!Number.isFinite(probability)) return setAside([noScore]);
    const positive = probability >= decision.threshold;
    return { probability, label: positive ? target.positive : negative, issues };
  }

  return {
    contract,
    decision,
    score: (table) => allFinite(table, probabilities(table), 1),
    scoreClasses: (table) => allFinite(table, classProbabilities(table), target.classes.length),
    scoreRecords,
    scoreRecord(record) {
      if (!encodePlain(record, features, 0)) return scoreRecords([record])[0] as ScoredRecord;
      return scoreEncoded(1)(0, nothing);
    },
  };
}

function targetOf({ target }: Pick<Contract, "target">): Target {
  if (target !== undefined) return target;
  throw new ChurnkitError("CONTRACT_MISMATCH", "The contract has no target, so its scores would have no meaning.");
}

/** Refuses a row without a finite score. @param each values of a row. */
function allFinite(table: Table, scored: Float64Array, each: number): Float64Array {
  const at = scored.findIndex((probability) => !Number.isFinite(probability));
  if (at < 0) return scored;
  throw new ChurnkitError("VALUE_INVALID", `${noScore.message} Check the row's numbers.`, {
    where: { file: table.source, row: table.rowNumbers[Math.floor(at / each)] },
  });
}

const noScore: CellIssue = {
  column: "",
  rule: "finite",
  value: "",
  message: "The model has no finite score for this row: a value is far outside the training range.",
};

const nothing: readonly CellIssue[] = Object.freeze([]);
/** Result for every record that is refused without an explanation. */
const unexplained: ScoredRecord = Object.freeze({ probability: null, label: null, issues: nothing });

const setAside = (issues: readonly CellIssue[]): ScoredRecord => ({ probability: null, label: null, issues });
