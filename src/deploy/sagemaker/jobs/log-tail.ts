import type { OutputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { ChurnkitError } from "../../../base/errors.js";
import { isNotFound } from "../call-failed.js";
import type { AwsSession } from "../session.js";

/** Lines of a log in a message, and streams, one a host, that they are sought in. */
const [lines, streams] = [20, 4];
/** Characters of a line in a message; CloudWatch keeps up to 256 KiB. */
const longest = 500;

/** The last lines of a job's log, for a message; empty if there is none. */
export async function logTail(session: AwsSession, group: string, job: string): Promise<string> {
  try {
    const events = (await eventsOf(session, group, job))
      .sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0))
      .slice(-lines);
    if (events.length === 0) return "";
    return `\nThe end of its log (${group}, ${job}):\n${events.map(({ message = "" }) => `  ${message.trimEnd().slice(0, longest)}`).join("\n")}`;
  } catch (error) {
    // It comes on top of the reason, so nothing that fails here may hide the reason.
    if (isNotFound(error) || !ChurnkitError.isInstance(error)) return "";
    return `\nIts log (${group}, ${job}) could not be read. ${error.message}`;
  }
}

async function eventsOf(session: AwsSession, logGroupName: string, job: string): Promise<OutputLogEvent[]> {
  const { logStreams = [] } = await session.call("cloudwatch-logs", "DescribeLogStreams", {
    logGroupName,
    logStreamNamePrefix: `${job}/`,
    limit: streams,
  });
  const found = [];
  for (const { logStreamName } of logStreams) {
    const { events = [] } = await session.call("cloudwatch-logs", "GetLogEvents", {
      logGroupName,
      logStreamName,
      startFromHead: false,
      limit: lines,
    });
    found.push(...events);
  }
  return found;
}
