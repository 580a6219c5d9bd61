import { sleep } from "../base/async/index.js";
import { ChurnkitError, type ErrorCode } from "../base/errors.js";
import { hashJson } from "../base/hash.js";
import { documentError, JsonValue } from "../base/json/index.js";
import { type ObjectStore, typedStore } from "../io/store/index.js";
import type { ModelRegistry } from "../registry/registry.js";
import { readArtifact, storeArtifact, storeBytes, type StoredArtifact } from "./artifacts.js";
import {
  conditionsOf,
  numbersOf,
  paramsOf,
  parsePipeline,
  referencesOf,
  type PipelineCondition,
  type PipelineNumber,
  type PipelineStep,
} from "./graph.js";
import { jobsByName, type Job } from "./job.js";
import { keepRecord, readRecord, type StepOutputs } from "./record.js";
import { jobs as standardJobs } from "./standard/jobs.js";

/** The store, inputs and services of a run. */
export interface RunOptions {
  /** Store for artifacts below `objects/` and records below `steps/`. */
  readonly store: ObjectStore;
  /** The jobs that steps may name. Default: those of churnkit. */
  readonly jobs?: Iterable<Job> | undefined;
  /** The bytes of the pipeline's own inputs, as files of their kind: CSV, JSON, a bundle's .tar.gz. */
  readonly inputs?: Readonly<Record<string, Uint8Array>> | undefined;
  /** For jobs that register. */
  readonly registry?: ModelRegistry | undefined;
  /** Called when a step ends. */
  readonly onStep?: ((step: PipelineRun["steps"][number]) => void) | undefined;
}

/** The result of a run; plain JSON. */
export interface PipelineRun {
  /**
   * In the order in which they ran. `cached`: an earlier run made the same. `skipped`: its condition, or that of a
   * step it needs, did not hold.
   */
  readonly steps: readonly {
    readonly id: string;
    readonly job: string;
    readonly status: "ran" | "cached" | "skipped";
    readonly seconds: number;
  }[];
  /** By reference, such as `train.model`; those of skipped steps are absent. */
  readonly artifacts: Readonly<Record<string, StoredArtifact>>;
}

/**
 * Runs a pipeline in this process, one step after the other. Outputs are stored before the record that names them,
 * and a step whose job, params and inputs have a record does not run again. After a kill at any moment the same call
 * continues where the first one was, and a second call runs only steps with effects.
 *
 * @throws ChurnkitError PIPELINE_INVALID before anything runs; OPTION_INVALID for an input that is missing or
 * unknown, or no registry; a job's error, with the step's name in the message and JOB_FAILED for errors without a
 * code; STORE_FAILED, ARTIFACT_CORRUPT.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { filesStore } from "churnkit/io";
 * import { readArtifact, runPipeline } from "churnkit/jobs";
 *
 * const pipeline = {
 *   inputs: { customers: "file" },
 *   steps: [
 *     { id: "ingest", job: "ingest", params: { target: "churn", positive: "Yes", id: ["customerId"] }, inputs: { file: "input.customers" } },
 *     { id: "parts", job: "split", inputs: { rows: "ingest.rows" } },
 *     { id: "train", job: "train", params: { learner: "logistic" }, inputs: { rows: "parts.train" } },
 *     { id: "evaluate", job: "evaluate", inputs: { model: "train.model", rows: "parts.test" } },
 *   ],
 * };
 * const store = filesStore("pipeline");
 * const { artifacts } = await runPipeline(pipeline, { store, inputs: { customers: await readFile("customers.csv") } });
 * console.log(await readArtifact(store, "json", artifacts["evaluate.report"]));
 * ```
 */
export async function runPipeline(pipeline: unknown, options: RunOptions): Promise<PipelineRun> {
  const { registry, inputs: given = {}, onStep } = options;
  const jobs = jobsByName(options.jobs ?? standardJobs.values());
  const { inputs = {}, steps } = parsePipeline(pipeline, jobs.values());
  const store = typedStore(options.store);
  checkGiven(inputs, given);
  for (const { id, job } of steps)
    if (jobs.get(job)?.effect === "registry" && registry === undefined)
      throw refused(`The pipeline's step "${id}" needs a registry. Give one in the option registry.`);
  const artifacts: Record<string, StoredArtifact> = {};
  for (const [name, kind] of Object.entries(inputs))
    artifacts[`input.${name}`] = await storeBytes(store, kind, given[name] as Uint8Array);
  const done: PipelineRun["steps"][number][] = [];
  for (const step of steps) {
    const started = performance.now();
    const job = jobs.get(step.job) as Job;
    const end = await withName(step, () =>
      retried(step.retries ?? 0, () => runStep(step, job, { store, registry, artifacts })),
    );
    for (const [name, artifact] of Object.entries(end.outputs)) artifacts[`${step.id}.${name}`] = artifact;
    const seconds = Math.round(performance.now() - started) / 1000;
    const told = { id: step.id, job: step.job, status: end.status, seconds };
    done.push(told);
    onStep?.(told);
  }
  return { steps: done, artifacts };
}

const refused = (message: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", message);

function checkGiven(inputs: object, given: object): void {
  const missing = Object.keys(inputs).find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined) throw refused(`The pipeline's input ${missing} is missing. Give its bytes.`);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(inputs, name));
  if (unknown !== undefined)
    throw refused(`The pipeline has no input ${unknown}; it has ${Object.keys(inputs).join(", ") || "none"}.`);
}

interface StepPlace {
  readonly store: ObjectStore;
  readonly registry: ModelRegistry | undefined;
  readonly artifacts: Readonly<Record<string, StoredArtifact>>;
}

interface StepEnd {
  readonly status: PipelineRun["steps"][number]["status"];
  readonly outputs: StepOutputs;
}

async function runStep(step: PipelineStep, job: Job, { store, registry, artifacts }: StepPlace): Promise<StepEnd> {
  const skipped: StepEnd = { status: "skipped", outputs: {} };
  if (referencesOf(step).some((name) => artifacts[name] === undefined)) return skipped;
  const conditions = conditionsOf(step);
  const reports = new Map<string, unknown>();
  for (const { step: name } of conditions.flatMap(numbersOf))
    reports.set(name, await readArtifact(store, "json", artifacts[name]));
  if (!conditions.every((condition) => holds(condition, reports))) return skipped;
  const params = paramsOf(job, step);
  const inputs = Object.entries(step.inputs ?? {}).map(
    ([name, from]) => [name, artifacts[from] as StoredArtifact] as const,
  );
  const { name, version } = job;
  const key = hashJson({
    job: name,
    version,
    params,
    inputs: inputs.map(([input, { sha256 }]) => [input, sha256]).sort(),
  });
  const { outputs: known, version: ifVersion } = await readRecord(store, key, job);
  if (known !== undefined && job.effect === undefined) return { status: "cached", outputs: known };
  const values = await Promise.all(
    inputs.map(async ([input, stored]) => [input, await readArtifact(store, stored.kind, stored)] as const),
  );
  const made = await job.run({ inputs: Object.fromEntries(values), params, key, registry });
  const outputs: Record<string, StoredArtifact> = {};
  for (const [output, kind] of Object.entries(job.outputs))
    outputs[output] = await storeArtifact(store, kind, made[output] as never);
  return { status: "ran", outputs: await keepRecord(store, key, job, { outputs, version: ifVersion }) };
}

const malformed = documentError("VALUE_INVALID", "", "Name another place in the condition, or correct it.");

/** Returns whether the number that a condition names is within its bounds; those are read of the same reports. */
function holds(condition: PipelineCondition, reports: ReadonlyMap<string, unknown>): boolean {
  const { atLeast = -Infinity, atMost = Infinity } = condition;
  const numberOf = (each: number | PipelineNumber): number =>
    typeof each === "number" ? each : valueAt(each, reports);
  const value = numberOf(condition);
  return value >= numberOf(atLeast) && value <= numberOf(atMost);
}

/** The number at a place; not a number where anything else stands there. */
function valueAt({ step, path }: PipelineNumber, reports: ReadonlyMap<string, unknown>): number {
  const report = JsonValue.of(reports.get(step), step, malformed, step);
  const { value } = path.split(".").reduce((json, key) => json.get(key), report);
  if (value === undefined) throw malformed(step, `holds nothing at ${path}`, path);
  return typeof value === "number" ? value : NaN;
}

/** Transient errors, in addition to those without a code, which come from a driver or a job. */
const transient: ReadonlySet<ErrorCode> = new Set(["STORE_FAILED", "STORE_CONFLICT", "IO_FAILED", "THREAD_FAILED"]);

async function retried<T>(retries: number, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= retries || (ChurnkitError.isInstance(error) && !transient.has(error.code))) throw error;
      await sleep(100 * 2 ** attempt);
    }
  }
}

/** Names the step in its errors. */
async function withName<T>({ id, job }: PipelineStep, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const known = ChurnkitError.isInstance(cause);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ChurnkitError(
      known ? cause.code : "JOB_FAILED",
      `The pipeline's step ${JSON.stringify(id)} (job ${job}) failed: ${message}`,
      { where: known ? cause.where : { path: `steps.${id}` }, cause },
    );
  }
}
