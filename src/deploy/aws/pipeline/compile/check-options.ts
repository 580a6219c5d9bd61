import { ChurnkitError } from "../../../../base/errors.js";
import type { PipelineGraph, PipelineStep } from "../../../../jobs/graph.js";
import { kindOf } from "./artifacts.js";
import type { CompileOptions, StepSettings } from "./options.js";

/** The settings, and what has each of those that not every step has. */
const settings: Readonly<Record<keyof StepSettings, string | undefined>> = {
  instanceType: undefined,
  instances: undefined,
  volumeGb: undefined,
  maxSeconds: undefined,
  environment: undefined,
  networkIsolation: undefined,
  cache: undefined,
  retries: undefined,
  sharded: "a processing step",
  spot: "a training step",
  search: "a step tune",
};

/**
 * Checks options, which may come from JSON, against the graph.
 *
 * @throws ChurnkitError OPTION_INVALID for steps, inputs and settings that do not exist, or not there.
 */
export function checkOptions({ inputs = {}, steps }: PipelineGraph, options: CompileOptions): void {
  const ids = steps.map(({ id }) => id);
  refuseUnknown("step", Object.keys(options.steps ?? {}), ids);
  refuseUnknown("input", Object.keys(options.inputs ?? {}), Object.keys(inputs));
  checkSettings("Every step", options.defaults ?? {}, () => true);
  for (const step of steps) checkStep(step, options);
}

function checkStep(step: PipelineStep, options: CompileOptions): void {
  const name = `The step ${JSON.stringify(step.id)}`;
  const kind = kindOf(step, options);
  const has: Readonly<Record<string, boolean>> = {
    "a processing step": kind === "processing",
    "a training step": kind === "training" || kind === "tuning",
    "a step tune": kind === "tuning",
  };
  const own = options.steps?.[step.id] ?? {};
  checkSettings(name, own, (owner) => has[owner] === true);
  const inputs = Object.keys(step.inputs ?? {});
  const other = own.sharded?.find((input) => !inputs.includes(input));
  if (other !== undefined) throw refused(`${name} has no input ${other} to shard; it has ${inputs.join(", ")}`);
}

function checkSettings(name: string, given: StepSettings, isOwner: (owner: string) => boolean): void {
  for (const key of Object.keys(given) as (keyof StepSettings)[]) {
    if (!Object.hasOwn(settings, key))
      throw refused(`${name} has an unknown setting ${key}; a step has ${Object.keys(settings).join(", ")}`);
    const owner = settings[key];
    if (owner !== undefined && given[key] !== undefined && !isOwner(owner))
      throw refused(`${name} has ${key}, which belongs to ${owner}. Remove it`);
  }
}

function refuseUnknown(what: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw refused(`The pipeline has no ${what} ${JSON.stringify(unknown)}; it has ${known.join(", ") || "none"}`);
}

const refused = (what: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", `${what}.`);
