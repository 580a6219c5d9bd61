import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parseContract } from "../data/contract/index.js";
import { writeFileAtomic } from "../io/atomic.js";
import { filesStore, type ObjectStore } from "../io/store/index.js";
import { artifactCodecs, type ArtifactValues } from "../jobs/artifacts.js";
import { settingsOf } from "../jobs/hyperparameters.js";
import { jobs } from "../jobs/index.js";
import type { MetricSummary } from "../model/evaluate/index.js";
import { epochLine, modelLine } from "../model/training/index.js";
import { channelsOf } from "./channels.js";
import { evaluationDocument } from "./evaluation-document.js";
import type { Host } from "./host.js";
import { clearModel, fillModel } from "./model-folder.js";
import { orAborted } from "./or-aborted.js";
import { otherTrainer } from "./training-hosts.js";
import { documentOfChannel, hyperparametersOf, tableOfChannel } from "./training-inputs.js";

/**
 * Runs the job `train` as a training job: channels and hyperparameters in; the bundle, a report and lines of metrics out. With a folder
 * for checkpoints an interrupted network continues where it was.
 *
 * @throws ChurnkitError what is wrong with the job; whatever the host's signal interrupts.
 */
export async function runTraining(host: Host): Promise<void> {
  const { places, log, print, signal } = host;
  const channels = await channelsOf(host);
  const other = await otherTrainer(host, Object.values(channels));
  if (other !== undefined) return log(`${other} trains; this host has nothing to do`);
  const hyperparameters = await hyperparametersOf(host);
  const { rows: by, training: params } = settingsOf(hyperparameters);
  // Before the work, so that a disk that takes nothing costs no time.
  await clearModel(places.model);
  const inputs = await orAborted(() => inputsOf(host, channels, by), signal);
  const made = await jobs.get("train")?.run({
    inputs,
    params,
    key: "",
    registry: undefined,
    training: {
      signal,
      checkpoint: await checkpointsOf(host, Object.hasOwn(hyperparameters, "_tuning_objective_metric")),
      onProgress(progress) {
        const line = epochLine(progress);
        if (line !== undefined) print(line);
      },
    },
  });
  const { model, report } = made as { readonly model: ArtifactValues["bundle"]; readonly report: MetricSummary };
  await fillModel(places.model, model.artifact);
  for (const [name, document] of Object.entries({ report, evaluation: evaluationDocument(report) }))
    await writeFileAtomic(join(places.results, `${name}.json`), await artifactCodecs.json.encode(document));
  print(modelLine(report.values));
}

async function inputsOf(
  host: Host,
  channels: Awaited<ReturnType<typeof channelsOf>>,
  by: ReturnType<typeof settingsOf>["rows"],
): Promise<Record<string, unknown>> {
  const { rows, validation, contract: described, features } = channels;
  const given = described && (await artifactCodecs.json.decode(await documentOfChannel(described)));
  const table = await tableOfChannel(host, rows, {
    contract: given === undefined ? undefined : parseContract(given),
    by,
  });
  return {
    rows: table,
    validation: validation && (await tableOfChannel(host, validation, { contract: table.contract, by: {} })),
    features: features && (await artifactCodecs.features.decode(await documentOfChannel(features))),
  };
}

/**
 * The checkpoints' folder is there if the job has a CheckpointConfig. All jobs of a tuning have the same one, so each keeps its own below
 * its name.
 */
async function checkpointsOf({ places, log, env }: Host, isTuned: boolean): Promise<ObjectStore | undefined> {
  const found = await stat(places.checkpoints).catch(() => undefined);
  const own = isTuned ? (env["TRAINING_JOB_NAME"] ?? "") : "";
  if (found?.isDirectory() === true) return filesStore(join(places.checkpoints, own));
  log(`there is no folder ${places.checkpoints}: if this training is interrupted, it begins again`);
  return undefined;
}
