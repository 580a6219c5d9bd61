import type { Decoded, Decoder } from "../base/json/index.js";
import type { LearnerContext } from "../model/kinds/index.js";
import type { ModelRegistry } from "../registry/registry.js";
import type { ArtifactKind, ArtifactValues } from "./artifacts.js";

/** Inputs by name; a step may omit one whose kind ends in `?`. */
export type InputKinds = Readonly<Record<string, ArtifactKind | `${ArtifactKind}?`>>;
/** Outputs by name. */
export type OutputKinds = Readonly<Record<string, ArtifactKind>>;

type ValueOf<Kind> = Kind extends `${infer Present extends ArtifactKind}?`
  ? ArtifactValues[Present] | undefined
  : Kind extends ArtifactKind
    ? ArtifactValues[Kind]
    : never;
/** Values of the input kinds. */
export type ValuesOf<Kinds extends InputKinds> = { readonly [Name in keyof Kinds]: ValueOf<Kinds[Name]> };

/** The inputs, params and services of one run of a job. */
export interface JobIo<Inputs extends InputKinds = InputKinds, Params = unknown> {
  readonly inputs: ValuesOf<Inputs>;
  readonly params: Params;
  /** Hash of job, version, params and inputs: the key under which a job with effects makes them once. */
  readonly key: string;
  /** Registry of the host, if it has one. */
  readonly registry: ModelRegistry | undefined;
  /** How the host follows, resumes and interrupts a training, where it does; the result does not depend on it. */
  readonly training?: Pick<LearnerContext, "onProgress" | "checkpoint" | "signal"> | undefined;
}

/**
 * A unit of work: plain data, and a function from inputs to outputs that depends on nothing else. So any machine can
 * run it, and its results can be reused.
 *
 * @example
 * ```ts
 * import { jobs, type Job } from "churnkit/jobs";
 *
 * const describe = ({ name, inputs, outputs }: Job): string => `${name}: ${Object.keys(inputs)} -> ${Object.keys(outputs)}`;
 * console.log([...jobs.values()].map(describe));
 * ```
 */
export interface Job<
  Inputs extends InputKinds = InputKinds,
  Outputs extends OutputKinds = OutputKinds,
  Params extends Decoder<unknown> = Decoder<unknown>,
> {
  /** The name that steps use. */
  readonly name: string;
  /** Change it whenever the same inputs may give other outputs; results of an earlier version are then not reused. */
  readonly version: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** Decodes a step's params; the result must be plain JSON. */
  readonly params: Params;
  /**
   * The thing that it changes besides its outputs. Such a job always runs, and must do nothing the second time with
   * the same key.
   */
  readonly effect?: "registry";
  /** Makes the outputs. */
  run(io: JobIo<Inputs, Decoded<Params>>): Promise<ValuesOf<Outputs>>;
}

/**
 * Defines your own job; `run` knows the types of its inputs and outputs.
 *
 * @example
 * ```ts
 * import { defineJob, jobs, parsePipeline } from "churnkit/jobs";
 *
 * const countRows = defineJob({
 *   name: "count-rows",
 *   version: "1",
 *   inputs: { rows: "table" },
 *   outputs: { report: "json" },
 *   params: (json) => json.value,
 *   run: ({ inputs }) => Promise.resolve({ report: { rows: inputs.rows.rows } }),
 * });
 * const graph = {
 *   inputs: { customers: "file" },
 *   steps: [
 *     { id: "ingest", job: "ingest", inputs: { file: "input.customers" } },
 *     { id: "count", job: "count-rows", inputs: { rows: "ingest.rows" } },
 *   ],
 * };
 * console.assert(parsePipeline(graph, [...jobs.values(), countRows]).steps.length === 2);
 * ```
 */
export const defineJob = <
  const Inputs extends InputKinds,
  const Outputs extends OutputKinds,
  Params extends Decoder<unknown>,
>(
  job: Job<Inputs, Outputs, Params>,
): Job<Inputs, Outputs, Params> => job;

/** Jobs as steps call them. */
export const jobsByName = (jobs: Iterable<Job>): ReadonlyMap<string, Job> =>
  new Map(Array.from(jobs, (job) => [job.name, job]));
