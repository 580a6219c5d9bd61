import type { DescribeLogStreamsRequest, GetLogEventsRequest } from "@aws-sdk/client-cloudwatch-logs";
import { AwsError } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import type { Job, JobKind, LogLine } from "./job.js";

interface Stream {
  readonly name: string;
  readonly lines: readonly LogLine[];
}

const kinds: Readonly<Record<string, JobKind>> = {
  "/aws/sagemaker/TrainingJobs": "TrainingJob",
  "/aws/sagemaker/ProcessingJobs": "ProcessingJob",
  "/aws/sagemaker/TransformJobs": "TransformJob",
};

/** Whether a call of CloudWatch Logs is about the log of a job, which is kept here. */
export const isJobLog = (input: unknown): boolean =>
  Object.hasOwn(kinds, String((input as { readonly logGroupName?: unknown }).logGroupName));

/** The logs of jobs, a stream a host, as CloudWatch Logs has them. */
export function jobLogs(all: (kind: JobKind) => readonly Job[]): Service {
  function streamsOf(group: string): readonly Stream[] {
    const kind = Object.hasOwn(kinds, group) ? kinds[group] : undefined;
    const streams = kind === undefined ? [] : all(kind).flatMap(streamsOfJob);
    // A group begins with its first stream.
    if (streams.length === 0)
      throw new AwsError("ResourceNotFoundException", "The specified log group does not exist.");
    return streams;
  }

  return {
    DescribeLogStreams: ({ logGroupName = "", logStreamNamePrefix = "", limit = 50 }: DescribeLogStreamsRequest) => ({
      logStreams: streamsOf(logGroupName)
        .filter(({ name }) => name.startsWith(logStreamNamePrefix))
        .slice(0, limit)
        .map(({ name, lines }) => ({
          logStreamName: name,
          firstEventTimestamp: lines[0]?.time,
          lastEventTimestamp: lines.at(-1)?.time,
        })),
    }),
    GetLogEvents: (input: GetLogEventsRequest) => {
      const { logGroupName = "", logStreamName, startFromHead = false, limit = 10_000 } = input;
      const stream = streamsOf(logGroupName).find(({ name }) => name === logStreamName);
      if (stream === undefined)
        throw new AwsError("ResourceNotFoundException", "The specified log stream does not exist.");
      const { startTime = 0, endTime = Infinity } = input;
      const within = stream.lines.filter(({ time }) => time >= startTime && time < endTime);
      const events = startFromHead ? within.slice(0, limit) : within.slice(-limit);
      return { events: events.map(eventOf), nextForwardToken: "f/end", nextBackwardToken: "b/end" };
    },
  };
}

function streamsOfJob({ name, created, log }: Job): Stream[] {
  const hosts = [...new Set(log.map(({ host }) => host))].sort((a, b) => a - b);
  return hosts.map((host) => ({
    name: `${name}/algo-${host + 1}-${Math.round(created)}`,
    lines: log.filter((line) => line.host === host),
  }));
}

const eventOf = ({ time, text }: LogLine) => ({ timestamp: time, ingestionTime: time, message: text });
