import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname } from "node:path";
import { CreateTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import { describe, expect, it } from "vitest";
import type { ContainerEntry } from "../../src/rehearsal/sagemaker/job.js";
import { endpointWorld } from "../helpers/endpoint-world.js";

/** Serves after a while, if it is not told to end by then. */
function slow(servers: Server[], delay: number): ContainerEntry {
  return (_, { env, signal }) =>
    new Promise((resolve) => {
      const server = createServer((request, response) => void request.resume().on("end", () => response.end("{}")));
      const timer = setTimeout(() => {
        servers.push(server.listen(Number(env["SAGEMAKER_BIND_TO_PORT"]), "127.0.0.1"));
      }, delay);
      const end = (): void => {
        clearTimeout(timer);
        server.close(() => resolve(0)).closeAllConnections();
        if (!server.listening) resolve(0);
      };
      if (signal.aborted) end();
      signal.addEventListener("abort", end);
    });
}

describe("a rehearsal that is closed", () => {
  it("leaves no folder of a job under way, and tells nothing more", async () => {
    let folder = "";
    const container: ContainerEntry = (_, { root }) => {
      folder = dirname(root);
      return Promise.resolve(0);
    };
    const { sagemaker, pass, rehearsal, close } = await endpointWorld({ container });
    await sagemaker.send(
      new CreateTrainingJobCommand({
        ...{ TrainingJobName: "one", RoleArn: "arn:aws:iam::123456789012:role/r" },
        AlgorithmSpecification: { TrainingImage: "i", TrainingInputMode: "File" },
        ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 1 },
        OutputDataConfig: { S3OutputPath: "s3://b/models" },
        StoppingCondition: { MaxRuntimeInSeconds: 600 },
      }),
    );
    await pass(3);
    expect(existsSync(folder)).toBe(true);
    const told = rehearsal.timeline.length;
    await close();
    expect(existsSync(folder)).toBe(false);
    expect(rehearsal.timeline).toHaveLength(told);
  });

  it("leaves no container that was about to start", async () => {
    const servers: Server[] = [];
    const { config, endpoint, close } = await endpointWorld({ container: slow(servers, 300) });
    await config("c1", [{}]);
    const serving = endpoint("churn", "c1");
    await new Promise((resolve) => setTimeout(resolve, 150));
    await close();
    await serving.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(servers.filter(({ listening }) => listening)).toEqual([]);
  });
});
