import { parseJson } from "../../../base/json/index.js";
import type { Objects } from "../objects.js";
import type { StepCache } from "./cache.js";
import type { Execution, ExecutionStatus, StepRun } from "./execution.js";
import { argumentsOf, type Node, type Step } from "./graph.js";
import { resolved, type Scope, valueAt } from "./references.js";
import { repeated, StepError } from "./retries.js";
import { type Workplace, works } from "./work.js";

export interface RunnerOptions extends Workplace {
  readonly objects: Objects;
  readonly cache: StepCache;
  readonly random: () => number;
  readonly onStep: (execution: Execution, run: StepRun, former: StepRun | undefined) => void;
}

/** Virtual milliseconds before a step begins to work. */
const startMs = 1000;

/** Runs the steps of an execution that have not succeeded yet; returns how it ends. */
export async function runExecution(execution: Execution, options: RunnerOptions): Promise<ExecutionStatus> {
  const { steps, pipeline, mostParallel, abort } = execution;
  const running = new Map<string, Promise<void>>();
  const statuses = (): string[] => [...steps.values()].map(({ status }) => status);
  for (;;) {
    // After a failure the steps under way go on, and no other begins.
    const isGoing = !abort.signal.aborted && !statuses().includes("Failed");
    const ready = isGoing
      ? pipeline.definition.nodes.filter((node) => !steps.has(node.step.Name) && isReady(node, steps))
      : [];
    for (const { step } of ready.slice(0, mostParallel - running.size))
      running.set(
        step.Name,
        runStep(step, execution, options).finally(() => running.delete(step.Name)),
      );
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (abort.signal.aborted) return "Stopped";
  return statuses().includes("Failed") ? "Failed" : "Succeeded";
}

function isReady({ needs, under }: Node, steps: Execution["steps"]): boolean {
  if (!needs.every((name) => steps.get(name)?.status === "Succeeded")) return false;
  if (under === undefined) return true;
  const { Outcome } = steps.get(under.condition)?.properties ?? {};
  return Outcome === (under.outcome ? "True" : "False");
}

/** Runs a step to its end, whatever that is. */
async function runStep(step: Step, execution: Execution, options: RunnerOptions): Promise<void> {
  const { clock, cache, random, onStep } = options;
  const { signal } = execution.abort;
  const change = (changes: Partial<StepRun>): void => {
    const former = execution.steps.get(step.Name);
    const begin = {
      step,
      status: "Starting" as const,
      started: clock.now() / 1000,
      attempts: 1,
      metadata: {},
      properties: {},
    };
    const run = { ...(former ?? begin), ...changes };
    execution.steps.set(step.Name, run);
    onStep(execution, run, former);
  };
  const end = (changes: Partial<StepRun>): void => change({ ...changes, ended: clock.now() / 1000 });
  const stopping = (): void => change({ status: "Stopping" });
  signal.addEventListener("abort", stopping, { once: true });
  change({});
  try {
    await clock.sleep(startMs, signal);
    const input = (await resolved(argumentsOf(step), scopeOf(execution, options))) as Readonly<Record<string, unknown>>;
    const known = cache.find(step, input, clock.now());
    if (known !== undefined) {
      const { properties, metadata, execution: cachedFrom } = known;
      return end({ status: "Succeeded", properties, metadata, cachedFrom });
    }
    change({ status: "Executing" });
    const attempt = async (number: number) => {
      if (number > 1) change({ attempts: number });
      const begun = (metadata: StepRun["metadata"]): void => change({ metadata });
      const name = (longest: number): string => nameOf(execution, step.Name, longest, random);
      return works[step.Type]?.({ step, input, name, signal, begun }, options);
    };
    const outcome = (await repeated(step, execution.arn, clock, attempt, signal)) ?? { properties: {}, metadata: {} };
    cache.add(step, input, { ...outcome, execution: execution.arn, ended: clock.now() });
    end({ status: "Succeeded", ...outcome });
  } catch (error) {
    if (signal.aborted) return end({ status: "Stopped" });
    const reason = error instanceof Error ? error.message : String(error);
    end({ status: "Failed", reason: step.Type === "Fail" ? reason : `${typeOf(error)}: ${reason}` });
  } finally {
    signal.removeEventListener("abort", stopping);
  }
}

/** How SageMaker begins a reason. */
const typeOf = (error: unknown): string =>
  error instanceof StepError && error.type.startsWith("Step.") ? "InternalServerError" : "ClientError";

function scopeOf({ parameters, pipeline, steps, arn, started }: Execution, { clock, objects }: RunnerOptions): Scope {
  return {
    parameters,
    execution: {
      PipelineName: pipeline.name,
      PipelineArn: pipeline.arn,
      PipelineExecutionId: idOf(arn),
      PipelineExecutionArn: arn,
      StartDateTime: new Date(started * 1000).toISOString(),
      CurrentDateTime: new Date(clock.now()).toISOString(),
    },
    step: (name) => steps.get(name)?.properties,
    async file(name, file) {
      const { properties, step } = steps.get(name) ?? {};
      const { OutputName, FilePath } = step?.PropertyFiles?.find((each) => each.PropertyFileName === file) ?? {};
      const uri = valueAt(
        properties,
        `ProcessingOutputConfig.Outputs['${OutputName}'].S3Output.S3Uri`,
        `The file ${file}`,
      );
      const bytes = await clock.during(() => objects.read(`${String(uri).replace(/\/$/, "")}/${FilePath}`));
      return parseJson(new TextDecoder().decode(bytes));
    },
  };
}

const idOf = (arn: string): string => arn.replace(/^.*\//, "");

/** The name of what a step makes: `pipelines-<execution>-<step>-<random>`, as SageMaker makes it, or shorter. */
function nameOf({ arn }: Execution, step: string, longest: number, random: () => number): string {
  const id = idOf(arn);
  const begin = longest < 63 ? id : `pipelines-${id}`;
  const word = step
    .replaceAll("_", "-")
    .slice(0, longest - begin.length - 12)
    .replace(/-+$/, "");
  return [begin, word, randomId(10, random)].filter((part) => part !== "").join("-");
}

const characters = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Lowercase letters and digits. */
export const randomId = (length: number, random: () => number): string =>
  Array.from({ length }, () => characters[Math.floor(random() * characters.length)]).join("");
