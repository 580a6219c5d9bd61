import { canonicalJson } from "../../../base/json/index.js";
import type { Step } from "./graph.js";

/** What a step has left: its description, for references, and what it was. */
export interface Outcome {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface Entry extends Outcome {
  readonly execution: string;
  readonly ended: number;
}

/** Arguments in which two runs of a step must agree to be the same; outputs and instances may differ. */
const decisive: Readonly<Record<string, readonly string[]>> = {
  Processing: ["AppSpecification", "Environment", "ProcessingInputs"],
  Training: ["AlgorithmSpecification", "CheckpointConfig", "Environment", "HyperParameters", "InputDataConfig"],
  Transform: ["DataProcessing", "Environment", "ModelName", "TransformInput"],
  Tuning: ["HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions"],
};
/** The same of a tuning's training jobs. */
const decisiveOfTuned = [
  "AlgorithmSpecification",
  "HyperParameterRanges",
  "InputDataConfig",
  "StaticHyperParameters",
  "TuningObjective",
];

/** Whether a type of step can be cached. */
export const isCached = (type: string): boolean => type in decisive;

/** Succeeded steps of one pipeline, for later executions. */
export interface StepCache {
  find(step: Step, resolved: Outcome["properties"], now: number): Entry | undefined;
  add(step: Step, resolved: Outcome["properties"], entry: Entry): void;
}

export function stepCache(): StepCache {
  const entries = new Map<string, Entry>();
  return {
    find({ Name, Type, CacheConfig }, resolved, now) {
      if (CacheConfig?.Enabled !== true || !isCached(Type)) return undefined;
      const entry = entries.get(keyOf(Name, Type, resolved));
      return entry !== undefined && now - entry.ended <= (durationOf(CacheConfig.ExpireAfter) ?? 0) ? entry : undefined;
    },
    add({ Name, Type }, resolved, entry) {
      if (isCached(Type)) entries.set(keyOf(Name, Type, resolved), entry);
    },
  };
}

function keyOf(name: string, type: string, resolved: Outcome["properties"]): string {
  const members = (decisive[type] ?? []).map((member) =>
    member === "TrainingJobDefinition" ? picked(resolved[member], decisiveOfTuned) : resolved[member],
  );
  return canonicalJson([name, ...members]);
}

const picked = (value: unknown, names: readonly string[]): unknown =>
  value === undefined ? undefined : names.map((name) => (value as Outcome["properties"])[name]);

const day = 86_400_000;
const units = [365 * day, 30 * day, 7 * day, day, 3_600_000, 60_000, 1000];

/** Milliseconds of a duration such as `P30D` or `T16m`. */
export function durationOf(text: string): number | undefined {
  const parts = /^P?(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i.exec(text);
  if (parts === null) return undefined;
  const total = units.reduce((sum, unit, i) => sum + unit * Number(parts[i + 1] ?? 0), 0);
  return total > 0 ? total : undefined;
}
