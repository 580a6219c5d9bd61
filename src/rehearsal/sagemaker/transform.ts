import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { CreateTransformJobRequest } from "@aws-sdk/client-sagemaker";
import { type ContainerHost, ModelMissing, type ServingContainer } from "./endpoints/container.js";
import type { Models } from "./endpoints/models.js";
import { JobEnd, type RunJob } from "./job.js";
import { filesBelow } from "./objects.js";
import { batches, inputOf, outputOf, recordsOf } from "./transform-records.js";

/** Transforms: the container serves the model, is sent each object in records, and its answers are put below the output. */
export const transforms =
  (models: Pick<Models, "find">, containers: Pick<ContainerHost, "start">): RunJob =>
  async (job, { stage, during, objects, root, print, busy }) => {
    const request = job.input as unknown as CreateTransformJobRequest;
    const { TransformInput: input, TransformOutput: output, Environment, MaxPayloadInMB = 6 } = request;
    const folder = join(root(0), "input");
    await stage("Starting");
    await stage("Downloading");
    await during(() => objects.download(input?.DataSource?.S3DataSource?.S3Uri ?? "", folder));
    await stage("Transforming");
    await during(async () => {
      const model = models.find(request.ModelName);
      const environment = { ...model.environment, ...Environment, SAGEMAKER_MAX_PAYLOAD_IN_MB: String(MaxPayloadInMB) };
      const container = await containers.start({ ...model, environment }, objects).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        print(reason);
        throw failed(error instanceof ModelMissing ? `ClientError: ${reason}` : `AlgorithmError: ${reason}`);
      });
      try {
        for (const [path, bytes] of await filesBelow(folder)) {
          const plain = input?.CompressionType === "Gzip" ? gunzipSync(bytes) : bytes;
          const said = (text: string): void => print(`${path}: ${text}`);
          const answers = await answersTo(plain, request, container, said);
          await objects.put(`${(output?.S3OutputPath ?? "").replace(/\/$/, "")}/${path}.out`, Buffer.from(answers));
        }
      } finally {
        await container.stop();
      }
    });
    await busy();
    return {};
  };

const failed = (reason: string): JobEnd => new JobEnd("Failed", "Failed", reason);

/** The answers to a file's records, assembled. */
async function answersTo(
  bytes: Uint8Array,
  request: CreateTransformJobRequest,
  container: ServingContainer,
  print: (text: string) => void,
): Promise<string> {
  const { TransformInput: input, TransformOutput: output, DataProcessing: processing = {} } = request;
  const type = input?.ContentType;
  const headers = {
    ...(type !== undefined && { "content-type": type }),
    ...(output?.Accept !== undefined && { accept: output.Accept }),
  };
  const isChanged = processing.JoinSource === "Input" || processing.OutputFilter !== undefined;
  const end = output?.AssembleWith === "Line" ? "\n" : "";
  let assembled = "";
  for (const batch of batches(recordsOf(bytes, request), request)) {
    const body = Buffer.from(batch.map((record) => inputOf(record, processing, type)).join("\n"));
    const answer = await container.send("/invocations", headers, body);
    const text = Buffer.from(answer.body).toString("utf8");
    if (answer.status >= 400) {
      print(`Bad HTTP status received from algorithm: ${answer.status}\n${text}`);
      throw failed("AlgorithmError: See job logs for more information");
    }
    const lines = isChanged ? text.replace(/\n$/, "").split("\n") : [end === "" ? text : text.replace(/\n$/, "")];
    if (isChanged && lines.length !== batch.length) {
      print(`${batch.length} records have ${lines.length} answers, which cannot be joined or filtered.`);
      throw failed("ClientError: See job logs for more information");
    }
    for (const [i, line] of lines.entries())
      assembled += (isChanged ? outputOf(batch[i] ?? "", line, processing, type) : line) + end;
  }
  return assembled;
}
