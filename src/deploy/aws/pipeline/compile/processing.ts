import type { PipelineStep } from "../../../../jobs/graph.js";
import { jobs } from "../../../../jobs/index.js";
import type { Reference } from "../../requests/referable.js";
import { type AwsTarget, uriOf } from "../../target.js";
import { processingStep } from "../job-steps.js";
import { refs } from "../references.js";
import type { DefinedStep } from "../step.js";
import { optionsOf, settingsOf, type Workshop } from "./workshop.js";

/** Longest argument of a container. */
const longest = 256;

/** A job as a processing job of the image. */
export function compileProcessing(step: PipelineStep, { target, options, artifacts, read }: Workshop): DefinedStep {
  const { id, job, params = {}, inputs = {} } = step;
  const { settings, compute } = settingsOf(step, options);
  const outputs = Object.keys(jobs.get(job)?.outputs ?? {});
  return processingStep(
    id,
    target,
    {
      ...compute,
      entrypoint: ["churnkit-container", "process", job],
      arguments: argumentsOf(params),
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, from]) => [
          name,
          {
            uri: artifacts.uri(from),
            distribution: settings.sharded?.includes(name) === true ? ("ShardedByS3Key" as const) : undefined,
          },
        ]),
      ),
      outputs: Object.fromEntries(outputs.map((name) => [name, { uri: runOf(target, id, name) }])),
    },
    {
      ...optionsOf(step, settings),
      files: Object.fromEntries(
        outputs
          .filter((name) => read.has(`${id}.${name}`))
          .map((name) => [name, { output: name, path: `${name}.json` }]),
      ),
    },
  );
}

/** Params as arguments; the container joins their pieces. */
function argumentsOf(params: unknown): string[] | undefined {
  const characters = Array.from(JSON.stringify(params));
  if (characters.length <= 2) return undefined;
  const prefix = "--params=";
  const room = longest - prefix.length;
  const pieces: string[] = [];
  let piece = "";
  for (const character of characters) {
    if (piece.length + character.length > room) {
      pieces.push(prefix + piece);
      piece = "";
    }
    piece += character;
  }
  return [...pieces, prefix + piece];
}

const runOf = (target: AwsTarget, ...path: readonly string[]): Reference =>
  refs.join("/", [uriOf(target, "runs"), refs.execution("PipelineExecutionId"), ...path]);
