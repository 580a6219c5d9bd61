import { ChurnkitError } from "../base/errors.js";
import {
  count,
  list,
  number,
  oneOf,
  optional,
  record,
  strictObject,
  text,
  where,
  withDefault,
  type Decoder,
  documentError,
  JsonValue,
} from "../base/json/index.js";
import { artifactKinds, type ArtifactKind } from "./artifacts.js";
import { jobsByName, type Job } from "./job.js";
import { jobs as standardJobs } from "./standard/jobs.js";

/** One step of a pipeline: a job, and the sources of its inputs. */
export interface PipelineStep {
  /** The name that other steps use. */
  readonly id: string;
  readonly job: string;
  /** Plain JSON; the job says which. */
  readonly params?: unknown;
  /** An artifact for each input of the job: `<step>.<output>`, or `input.<name>` for one of the pipeline's own. */
  readonly inputs?: Readonly<Record<string, string>> | undefined;
  /** The step, and all that need it, are skipped unless each of these numbers is within its bounds. */
  readonly when?: PipelineCondition | readonly PipelineCondition[] | undefined;
  /** Number of repetitions after a transient error, such as a store that does not answer; 0 to 10. Default 0. */
  readonly retries?: number | undefined;
}

/** A number in a JSON artifact. */
export interface PipelineNumber {
  /** The artifact, such as `evaluate.report`. */
  readonly step: string;
  /** Place of the number: keys separated by dots. */
  readonly path: string;
}

/** A condition for a step to run. It fails for null and for a value that is not a number, also as a bound. */
export interface PipelineCondition extends PipelineNumber {
  readonly atLeast?: number | PipelineNumber | undefined;
  readonly atMost?: number | PipelineNumber | undefined;
}

/**
 * A pipeline as plain JSON: steps, and its input artifacts.
 *
 * @example
 * ```ts
 * import type { PipelineGraph } from "churnkit/jobs";
 *
 * const graph: PipelineGraph = {
 *   inputs: { customers: "file" },
 *   steps: [{ id: "ingest", job: "ingest", params: { target: "churn", positive: "Yes" }, inputs: { file: "input.customers" } }],
 * };
 * ```
 */
export interface PipelineGraph {
  readonly inputs?: Readonly<Record<string, ArtifactKind>> | undefined;
  readonly steps: readonly PipelineStep[];
}

const limits = { steps: 1000, inputs: 100, path: 500, conditions: 100 };
const malformed = documentError("PIPELINE_INVALID", "", "See the documentation of jobs.");

const namePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;
const id = where(
  text(64),
  (name) => namePattern.test(name) && name !== "input",
  'a name of letters, digits, - and _ that begins with a letter and is not "input"',
);
const reference = where(
  text(200),
  (value) => /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(value),
  'a reference such as "ingest.rows"',
);
const place = { step: reference, path: text(limits.path) };
const bound: Decoder<number | PipelineNumber> = (json) =>
  typeof json.value === "object" ? strictObject(place)(json) : number()(json);
const condition: Decoder<PipelineCondition> = where(
  strictObject({ ...place, atLeast: optional(bound), atMost: optional(bound) }),
  ({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined,
  "an object with atLeast or atMost",
);
const members = strictObject({
  id,
  job: text(64),
  params: (json): unknown => json.value,
  inputs: withDefault(record(reference, limits.inputs), {}),
  when: optional((json) => (Array.isArray(json.value) ? list(condition, limits.conditions)(json) : condition(json))),
  retries: withDefault(count(0, 10), 0),
});
/** A step whose errors name it instead of its place in the list. */
const step: Decoder<ParsedStep> = (json) =>
  members(JsonValue.of(json.value, stepName(id(json.get("id"))), malformed, "step"));
const graph = strictObject({
  inputs: where(
    withDefault(record(oneOf(artifactKinds), limits.inputs), {}),
    (inputs) => Object.keys(inputs).every((name) => namePattern.test(name)),
    "an object whose keys are letters, digits, - and _ and begin with a letter",
  ),
  steps: list(step, limits.steps),
});

type ParsedStep = PipelineStep & { readonly inputs: Readonly<Record<string, string>> };

/** The conditions of a step. */
export const conditionsOf = ({ when = [] }: PipelineStep): readonly PipelineCondition[] =>
  "step" in when ? [when] : when;

/** The numbers that a condition compares: its own, and those that are bounds. */
export const numbersOf = (condition: PipelineCondition): PipelineNumber[] =>
  [condition, condition.atLeast, condition.atMost].filter((each) => typeof each === "object");

/** The artifacts that a step depends on. */
export const referencesOf = (step: PipelineStep): string[] => [
  ...Object.values(step.inputs ?? {}),
  ...conditionsOf(step)
    .flatMap(numbersOf)
    .map((number) => number.step),
];

const stepName = (name: string): string => `The pipeline's step ${JSON.stringify(name)}`;
const ofStep = (artifact: string): string => artifact.split(".", 1)[0] ?? "";
const refused = (name: string, what: string, cause?: unknown): ChurnkitError =>
  new ChurnkitError("PIPELINE_INVALID", `${stepName(name)} ${what}.`, { where: { path: `steps.${name}` }, cause });

/** The params of a step as its job reads them. */
export function paramsOf(job: Job, { id: name, params }: PipelineStep): unknown {
  try {
    return job.params(JsonValue.of(params ?? {}, stepName(name), malformed, "params"));
  } catch (cause) {
    if (ChurnkitError.isInstance(cause) && cause.code === "PIPELINE_INVALID") throw cause;
    throw refused(
      name,
      `has params that cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
}

/**
 * Reads a pipeline from untrusted JSON, and checks all of it: names, jobs, params, that each input has the kind that
 * its job expects, and that no step waits for itself.
 *
 * @returns the steps in the order in which they run.
 * @throws ChurnkitError PIPELINE_INVALID, naming the step.
 *
 * @example
 * ```ts
 * import { parsePipeline } from "churnkit/jobs";
 *
 * const { steps } = parsePipeline({
 *   inputs: { customers: "file" },
 *   steps: [
 *     { id: "parts", job: "split", inputs: { rows: "ingest.rows" } },
 *     { id: "ingest", job: "ingest", params: { target: "churn", positive: "Yes" }, inputs: { file: "input.customers" } },
 *   ],
 * });
 * console.assert(steps.map(({ id }) => id).join() === "ingest,parts");
 * ```
 */
export function parsePipeline(json: unknown, jobs: Iterable<Job> = standardJobs.values()): PipelineGraph {
  const known = jobsByName(jobs);
  const { inputs, steps } = graph(JsonValue.of(json, "The pipeline", malformed, "pipeline"));
  const outputs = new Map(Object.entries(inputs).map(([name, kind]) => [`input.${name}`, kind]));
  const names = new Set<string>();
  for (const { id: name, job } of steps) {
    if (names.has(name)) throw refused(name, "occurs twice. Give every step its own name");
    names.add(name);
    const { outputs: given } = known.get(job) ?? {};
    if (given === undefined)
      throw refused(name, `has an unknown job ${JSON.stringify(job)}. Use one of ${[...known.keys()].join(", ")}`);
    for (const [output, kind] of Object.entries(given)) outputs.set(`${name}.${output}`, kind);
  }
  for (const each of steps) checkStep(each, known.get(each.job) as Job, outputs);
  return { inputs, steps: inOrder(steps) };
}

function checkStep(checked: ParsedStep, job: Job, outputs: ReadonlyMap<string, ArtifactKind>): void {
  const { id: name, inputs } = checked;
  const check = (what: string, artifact: string, kind: string): void => {
    const given = outputs.get(artifact);
    if (given === undefined) throw refused(name, `takes ${what} from ${artifact}, which no step makes`);
    if (given !== kind) throw refused(name, `takes ${what} from ${artifact}, which is of kind ${given}, not ${kind}`);
  };
  for (const [input, kind] of Object.entries(job.inputs)) {
    if (Object.hasOwn(inputs, input)) check(`its input ${input}`, inputs[input] as string, kind.replace("?", ""));
    else if (!kind.endsWith("?")) throw refused(name, `lacks the input ${input}, which ${job.name} needs`);
  }
  const unknown = Object.keys(inputs).find((input) => !Object.hasOwn(job.inputs, input));
  if (unknown !== undefined)
    throw refused(
      name,
      `has an input ${JSON.stringify(unknown.slice(0, 80))}; ${job.name} takes ${Object.keys(job.inputs).join(", ")}`,
    );
  for (const { step: artifact } of conditionsOf(checked).flatMap(numbersOf)) check("its condition", artifact, "json");
  paramsOf(job, checked);
}

/** Sorts the steps so that each comes after its dependencies, and otherwise keeps their order. */
function inOrder(steps: readonly ParsedStep[]): ParsedStep[] {
  const waiting = new Map(steps.map((each) => [each.id, each]));
  const isReady = (each: ParsedStep): boolean => !referencesOf(each).some((artifact) => waiting.has(ofStep(artifact)));
  const ordered: ParsedStep[] = [];
  while (waiting.size > 0) {
    const next = [...waiting.values()].find(isReady);
    if (next === undefined) throw refused(...circleIn(waiting));
    waiting.delete(next.id);
    ordered.push(next);
  }
  return ordered;
}

/** Returns a step that waits for itself, and the steps between. */
function circleIn(waiting: ReadonlyMap<string, ParsedStep>): [name: string, what: string] {
  const path: string[] = [];
  let [at] = waiting.keys();
  while (at !== undefined && !path.includes(at)) {
    path.push(at);
    at = referencesOf(waiting.get(at) as ParsedStep)
      .map(ofStep)
      .find((name) => waiting.has(name));
  }
  const [first = "", ...others] = path.slice(path.indexOf(at ?? ""));
  return [first, `waits for itself: ${[first, ...others, first].join(" needs ")}`];
}
