import { mkdir } from "node:fs/promises";
import { join, posix } from "node:path";
import type { CreateProcessingJobRequest } from "@aws-sdk/client-sagemaker";
import { invalid } from "../front/aws-error.js";
import { JobEnd, type RunJob } from "./job.js";
import { reasonIn, writeJson } from "./training.js";

/** Words of an entry point that stand for the image's own entry, which the rehearsal runs. */
const entries = /(^|\/)(churnkit-container|container\.js|node)$/;

/** Processes: inputs into folders, the container, and the outputs below their prefixes. */
export const runProcessing: RunJob = async (job, run) => {
  const request = job.input as unknown as CreateProcessingJobRequest;
  const { ContainerEntrypoint = [], ContainerArguments = [] } = request.AppSpecification ?? {};
  const words = [...ContainerEntrypoint, ...ContainerArguments].filter((word, i) => i > 1 || !entries.test(word));
  const hosts = request.ProcessingResources?.ClusterConfig?.InstanceCount ?? 1;
  await run.stage("Starting");
  await run.stage("Downloading");
  for (let host = 0; host < hosts; host++) await run.during(() => prepare(host));
  await run.stage("Processing");
  const { codes } = await run.containers(hosts, words, request.Environment ?? {});
  const failed = codes.findIndex((code) => code !== 0);
  if (failed >= 0) {
    const reason = await run.during(() => reasonIn(join(run.root(failed), "output/message")));
    throw new JobEnd("Failed", "Failed", `AlgorithmError: ${reason}, exit code: ${codes[failed]}`);
  }
  await run.stage("Uploading");
  for (const { S3Output } of request.ProcessingOutputConfig?.Outputs ?? [])
    for (let host = 0; host < hosts; host++)
      await run.during(() => run.objects.upload(local(host, S3Output?.LocalPath), S3Output?.S3Uri ?? ""));
  return {};

  /** A path below `/opt/ml`, in the folder that stands for it. */
  function local(host: number, path = ""): string {
    const below = posix.normalize(path);
    if (!below.startsWith("/opt/ml/")) throw invalid(`The local path ${path} is not below /opt/ml.`);
    return join(run.root(host), below.slice("/opt/ml/".length));
  }

  async function prepare(host: number): Promise<void> {
    const names = Array.from({ length: hosts }, (_, i) => `algo-${i + 1}`);
    const at = (path: string): string => join(run.root(host), path);
    const inputs = request.ProcessingInputs ?? [];
    // The container compares these paths with its own folders.
    const moved = inputs.map(({ S3Input, ...input }) => ({
      ...input,
      S3Input: { ...S3Input, LocalPath: local(host, S3Input?.LocalPath) },
    }));
    await writeJson(at("config/processingjobconfig.json"), { ...request, ProcessingInputs: moved });
    await writeJson(at("config/resourceconfig.json"), { current_host: names[host], hosts: names });
    for (const { S3Input } of inputs) {
      const part = S3Input?.S3DataDistributionType === "ShardedByS3Key" ? { index: host, of: hosts } : undefined;
      await run.objects.download(S3Input?.S3Uri ?? "", local(host, S3Input?.LocalPath), part);
    }
    for (const { S3Output } of request.ProcessingOutputConfig?.Outputs ?? [])
      await mkdir(local(host, S3Output?.LocalPath), { recursive: true });
  }
};
