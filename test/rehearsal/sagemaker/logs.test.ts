import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { SageMakerClient, CreateTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import { afterEach, expect, it } from "vitest";
import { trainingJob } from "../../../src/deploy/aws/index.js";
import { memoryStore } from "../../../src/io/store/index.js";
import { rehearse } from "../../../src/rehearsal/rehearse.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { clientOf } from "../../helpers/rehearsed.js";

const started: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of started.splice(0)) await end();
});

/** An emulator that notes what it is asked. */
async function emulator(asked: string[]): Promise<string> {
  const server: Server = createServer((request, response) => {
    asked.push(String(request.headers["x-amz-target"]));
    request
      .resume()
      .once("end", () => response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end("{}"));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  started.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("logs of jobs are kept by host and time; other groups are the emulator's", async () => {
  const asked: string[] = [];
  const rehearsal = await rehearse({
    emulator: await emulator(asked),
    buckets: () => memoryStore(),
    container: (_argv, { root, stdout, stderr }) => {
      stdout.write(`${root.slice(-6)} begins\n`);
      stderr.write("one\ntwo\n");
      return Promise.resolve(0);
    },
  });
  const config = clientOf(rehearsal);
  const [client, logs] = [new SageMakerClient(config), new CloudWatchLogsClient(config)];
  started.push(
    rehearsal.close,
    () => client.destroy(),
    () => logs.destroy(),
  );
  const logGroupName = "/aws/sagemaker/TrainingJobs";
  const streams = () =>
    logs.send(new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: "churn-dev-two/" }));
  await expect(streams()).rejects.toMatchObject({ name: "ResourceNotFoundException" });

  const begin = rehearsal.clock.now();
  const job = { name: "two", instanceType: "ml.m5.large", instances: 2, maxSeconds: 3600 } as const;
  await client.send(new CreateTrainingJobCommand(trainingJob(awsTarget, job)));
  await client.send(new CreateTrainingJobCommand(trainingJob(awsTarget, { ...job, name: "two-more" })));
  await rehearsal.clock.advanceTo(begin + 3_600_000);
  const { logStreams = [] } = await streams();
  expect(logStreams.map(({ logStreamName }) => logStreamName?.replace(/\d+$/, ""))).toEqual([
    "churn-dev-two/algo-1-",
    "churn-dev-two/algo-2-",
  ]);
  const [{ logStreamName } = {}] = logStreams;
  const tail = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName, limit: 2 }));
  expect(tail.events?.map(({ message }) => message)).toEqual(["one", "two"]);
  // After the two stages of a minute each, and one for the training to begin.
  expect(tail.events?.[0]?.timestamp).toBe(begin + 180_000);
  const head = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName, limit: 1, startFromHead: true }));
  expect(head.events?.map(({ message }) => message)).toEqual(["host-0 begins"]);
  expect(asked).toEqual([]);

  await logs.send(new PutRetentionPolicyCommand({ logGroupName: "/aws/lambda/churn-dev", retentionInDays: 30 }));
  expect(asked).toEqual(["Logs_20140328.PutRetentionPolicy"]);
});
