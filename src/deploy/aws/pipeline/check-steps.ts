import { ChurnkitError } from "../../../base/errors.js";
import { executionVariables } from "./references.js";
import { type DefinedStep, forbiddenIn } from "./step.js";

/** SageMaker's limit of a definition, in bytes. */
const largest = 1024 * 1024;

type Visible = ReadonlyMap<string, DefinedStep>;

/**
 * Checks the steps of a pipeline as a whole.
 *
 * @throws ChurnkitError PIPELINE_INVALID, naming the step.
 */
export function checkSteps(steps: readonly DefinedStep[], parameters: ReadonlySet<string>): void {
  const bytes = new TextEncoder().encode(JSON.stringify(steps)).length;
  if (steps.length === 0 || bytes > largest)
    throw new ChurnkitError(
      "PIPELINE_INVALID",
      steps.length === 0
        ? "The pipeline has no steps. Give at least one."
        : `The pipeline is ${bytes} bytes long; SageMaker takes ${largest}. Split it.`,
    );
  checkList(steps, { parameters, names: new Set(), visible: new Map() });
}

interface Scope {
  readonly parameters: ReadonlySet<string>;
  /** Of all steps so far, those in branches included. */
  readonly names: Set<string>;
  /** Steps that have ended whenever the next one begins. */
  readonly visible: Visible;
}

function checkList(steps: readonly DefinedStep[], { parameters, names, visible: before }: Scope): void {
  const visible = new Map(before);
  for (const step of steps) {
    const { Name, Arguments } = step;
    if (names.has(Name)) throw refused(Name, "occurs twice. Give every step its own name");
    names.add(Name);
    const argument = forbiddenIn(step);
    if (argument !== undefined)
      throw refused(Name, `has the argument ${argument}, which the pipeline gives itself. Remove it`);
    const { IfSteps = [], ElseSteps = [], ...own } = Arguments;
    for (const path of pathsIn(own)) checkPath(Name, path, parameters, visible);
    for (const other of step.DependsOn ?? []) if (!visible.has(other)) throw notBefore(Name, other, names);
    for (const { OutputName } of step.PropertyFiles ?? [])
      if (!outputsOf(step).includes(OutputName))
        throw refused(Name, `has a property file in ${OutputName}, which is not one of its outputs`);
    if (step.Type === "Condition")
      for (const branch of [IfSteps, ElseSteps] as DefinedStep[][]) checkList(branch, { parameters, names, visible });
    visible.set(Name, step);
  }
}

function checkPath(name: string, path: string, parameters: ReadonlySet<string>, visible: Visible): void {
  const [, kind, target = "", rest = ""] =
    /^(Parameters|Execution|Steps)\.([A-Za-z0-9_-]+)(?:\.(.*))?$/.exec(path) ?? [];
  const refuse = (what: string): never => {
    throw refused(name, `refers to ${path}, ${what}`);
  };
  if (kind === undefined) refuse("which is not Parameters.NAME, Execution.NAME or Steps.NAME.PROPERTY");
  if (kind === "Parameters" && !parameters.has(target)) refuse("but the pipeline has no such parameter");
  if (kind === "Execution" && !executionVariables.some((variable) => variable === target))
    refuse(`but an execution has ${executionVariables.join(", ")}`);
  if (kind !== "Steps") return;
  const step = visible.get(target) ?? refuse("but no earlier step that always ran has that name");
  const [, output] = /^ProcessingOutputConfig\.Outputs\['([^']*)'\]/.exec(rest) ?? [];
  if (output !== undefined && !outputsOf(step).includes(output))
    refuse(`but the step has the outputs ${outputsOf(step).join(", ") || "of none"}`);
  const [, file] = /^PropertyFiles\.(.*)$/.exec(rest) ?? [];
  if (file !== undefined && step.PropertyFiles?.some(({ PropertyFileName }) => PropertyFileName === file) !== true)
    refuse("but the step has no such property file");
}

function outputsOf({ Arguments }: DefinedStep): string[] {
  const { Outputs = [] } = (Arguments["ProcessingOutputConfig"] ?? {}) as { Outputs?: { OutputName: string }[] };
  return Outputs.map(({ OutputName }) => OutputName);
}

/** The paths of all references inside a value. */
function pathsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("Get" in value && typeof value.Get === "string") return [value.Get];
  return Object.values(value).flatMap(pathsIn);
}

const notBefore = (name: string, other: string, names: ReadonlySet<string>): ChurnkitError =>
  refused(
    name,
    names.has(other)
      ? `waits for ${other}, which runs only under a condition. Wait for the condition's step`
      : `waits for ${other}, which is no earlier step`,
  );

const refused = (name: string, what: string): ChurnkitError =>
  new ChurnkitError("PIPELINE_INVALID", `The pipeline's step ${JSON.stringify(name)} ${what}.`, {
    where: { path: `steps.${name}` },
  });
