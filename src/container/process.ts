import { join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { hashJson } from "../base/hash.js";
import { type Decoded, documentError, JsonValue } from "../base/json/index.js";
import { writeFileAtomic } from "../io/atomic.js";
import { artifactCodecs, type ArtifactKind } from "../jobs/artifacts.js";
import { jobs, type Job } from "../jobs/index.js";
import type { monitorParams } from "../jobs/monitor-params.js";
import type { MetricSummary } from "../model/evaluate/index.js";
import { evaluationDocument } from "./evaluation-document.js";
import type { Host } from "./host.js";
import { inputsOf } from "./job-inputs.js";
import { processMonitor } from "./process-monitor.js";
import { partOf } from "./processing-hosts.js";

const malformed = documentError("OPTION_INVALID", "", "docs/jobs.md lists the params of each job.");

/** The file of an output, by its kind; `of` tells the hosts apart. */
const files: { readonly [Kind in ArtifactKind]: (output: string, of: string) => string } = {
  file: (output, of) => `${output}${of}.csv`,
  table: (output, of) => `${output}${of}.table`,
  features: (output, of) => `${output}${of}.json`,
  bundle: (_, of) => `model${of}.tar.gz`,
  json: (output, of) => `${output}${of}.json`,
};
/** Jobs whose output `report` is an evaluation. */
const evaluating: ReadonlySet<string> = new Set(["train", "tune", "evaluate"]);

/**
 * Runs one job as a processing job: a folder for each input, a folder for each output.
 *
 * @param params the job's params as JSON.
 * @throws ChurnkitError what is wrong with job, params or inputs; whatever the host's signal interrupts.
 */
export async function runProcessing(host: Host, name: string, params: string): Promise<void> {
  const job = processed(name);
  const settings = job.params(JsonValue.parse(params, `The params of the job ${name}`, malformed));
  if (name === "monitor") return processMonitor(host, job, settings as Decoded<typeof monitorParams>);
  const part = await partOf(host, job);
  if (part.role === "idle") return host.log("this host has nothing to do");
  const { values, hashes } = await inputsOf(host, job);
  host.signal.throwIfAborted();
  const key = hashJson({ job: name, version: job.version, params: settings, inputs: hashes });
  const made = await job.run({ inputs: values, params: settings, key, registry: undefined });
  // Everything is encoded before anything is written.
  const outputs = new Map<string, Uint8Array>();
  for (const [output, kind] of Object.entries(job.outputs)) {
    const folder = join(host.places.outputs, output);
    const file = files[kind](output, part.role === "shard" ? `-${part.host}` : "");
    outputs.set(join(folder, file), await artifactCodecs[kind].encode(made[output] as never));
    if (output !== "report" || !evaluating.has(name)) continue;
    const evaluation = evaluationDocument(made[output] as MetricSummary);
    outputs.set(join(folder, "evaluation.json"), await artifactCodecs.json.encode(evaluation));
  }
  host.signal.throwIfAborted();
  for (const [path, bytes] of outputs) {
    await writeFileAtomic(path, bytes);
    host.log(`wrote ${path}`);
  }
}

function processed(name: string): Job {
  const job = jobs.get(name);
  if (job?.effect === "registry")
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The job ${name} needs a registry, which a processing job has not. Use a step of the pipeline that registers.`,
    );
  if (job !== undefined) return job;
  const known = [...jobs.values()].filter(({ effect }) => effect === undefined).map((each) => each.name);
  throw new ChurnkitError(
    "OPTION_INVALID",
    `There is no job ${JSON.stringify(name.slice(0, 80))}. Use one of ${known.join(", ")}.`,
  );
}
