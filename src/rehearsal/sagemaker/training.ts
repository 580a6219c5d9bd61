import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Channel, CreateTrainingJobRequest } from "@aws-sdk/client-sagemaker";
import { packTar } from "modern-tar";
import { invalid } from "../front/aws-error.js";
import { JobEnd, type JobRun, type RunJob } from "./job.js";
import { filesBelow } from "./objects.js";

/** Trains: channels into folders, the container's `train`, and the model as an archive. Spot capacity may be taken away. */
export const runTraining: RunJob = async (job, run) => {
  const request = job.input as unknown as CreateTrainingJobRequest;
  const hosts = request.ResourceConfig?.InstanceCount ?? 1;
  const output = `${(request.OutputDataConfig?.S3OutputPath ?? "").replace(/\/$/, "")}/${job.name}/output`;
  const { ContainerEntrypoint, ContainerArguments = ["train"] } = request.AlgorithmSpecification ?? {};
  const words = ContainerEntrypoint === undefined ? ["train"] : ContainerArguments;
  const environment = { ...request.Environment, TRAINING_JOB_NAME: job.name };
  const train = async () => {
    try {
      return await run.containers(hosts, words, environment);
    } finally {
      await run.during(() => keepCheckpoints(request, run));
    }
  };
  for (;;) {
    await run.stage("Starting");
    await run.stage("Downloading");
    await run.during(() => prepare(request, hosts, run));
    await run.stage("Training");
    const { codes, isInterrupted } = await train();
    if (isInterrupted) {
      await run.stage("Interrupted");
      continue;
    }
    const failed = codes.findIndex((code) => code !== 0);
    if (failed < 0) break;
    const reason = await run.during(() => reasonIn(join(run.root(failed), "output/failure")));
    throw new JobEnd("Failed", "Failed", `AlgorithmError: ${reason}, exit code: ${codes[failed]}`);
  }
  await run.stage("Uploading");
  await run.during(() => leave(output, hosts, run));
  return { ModelArtifacts: { S3ModelArtifacts: `${output}/model.tar.gz` } };
};

/** Checkpoints outlive the job's end, whatever that is. */
async function keepCheckpoints({ CheckpointConfig }: CreateTrainingJobRequest, run: JobRun): Promise<void> {
  if (CheckpointConfig?.S3Uri !== undefined)
    await run.objects.upload(join(run.root(0), "checkpoints"), CheckpointConfig.S3Uri);
}

async function prepare(request: CreateTrainingJobRequest, hosts: number, { root, objects }: JobRun): Promise<void> {
  const names = Array.from({ length: hosts }, (_, i) => `algo-${i + 1}`);
  const channels = request.InputDataConfig ?? [];
  const odd = channels.find(({ ChannelName = "" }) => !/^(?!\.+$)[\w.-]+$/.test(ChannelName));
  if (odd !== undefined) throw invalid(`The channel ${odd.ChannelName ?? ""} has not the name of a folder.`);
  for (const [host, current_host] of names.entries()) {
    const at = (path: string): string => join(root(host), path);
    await writeJson(at("input/config/hyperparameters.json"), request.HyperParameters ?? {});
    await writeJson(at("input/config/resourceconfig.json"), { current_host, hosts: names });
    await writeJson(
      at("input/config/inputdataconfig.json"),
      Object.fromEntries(channels.map((each) => channelOf(each, request))),
    );
    await mkdir(at("model"), { recursive: true });
    for (const { ChannelName = "", DataSource } of channels) {
      const { S3Uri = "", S3DataDistributionType } = DataSource?.S3DataSource ?? {};
      const part = S3DataDistributionType === "ShardedByS3Key" ? { index: host, of: hosts } : undefined;
      await objects.download(S3Uri, at(`input/data/${ChannelName}`), part);
    }
    const { S3Uri } = request.CheckpointConfig ?? {};
    if (S3Uri !== undefined) {
      await mkdir(at("checkpoints"), { recursive: true });
      if (await objects.exist(S3Uri)) await objects.download(S3Uri, at("checkpoints"));
    }
  }
}

const channelOf = (
  { ChannelName = "", InputMode, ContentType, CompressionType, DataSource }: Channel,
  { AlgorithmSpecification }: CreateTrainingJobRequest,
): [string, object] => [
  ChannelName,
  {
    // Pipes become files: the container sees the same rows.
    TrainingInputMode:
      [InputMode, AlgorithmSpecification?.TrainingInputMode].find((mode) => mode === "FastFile") ?? "File",
    S3DistributionType: DataSource?.S3DataSource?.S3DataDistributionType ?? "FullyReplicated",
    ContentType,
    CompressionType,
  },
];

/** Packs what all hosts left. */
async function leave(output: string, hosts: number, { root, objects }: JobRun): Promise<void> {
  for (const [folder, name] of [
    ["model", "model.tar.gz"],
    ["output/data", "output.tar.gz"],
  ] as const) {
    const files = new Map<string, Uint8Array>();
    for (let host = 0; host < hosts; host++)
      for (const [path, bytes] of await filesBelow(join(root(host), folder))) files.set(path, bytes);
    const entries = [...files].map(([path, body]) => ({
      header: { name: path, size: body.length, mtime: new Date(0) },
      body,
    }));
    if (entries.length > 0) await objects.put(`${output}/${name}`, gzipSync(await packTar(entries)));
  }
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(value));
}

/** What a container wrote about its end. */
export const reasonIn = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
