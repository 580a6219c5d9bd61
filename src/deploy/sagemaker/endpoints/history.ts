import { sagemakerArn } from "../../aws/target.js";
import type { AwsSession } from "../session.js";

/**
 * What an endpoint served before, in tags of the endpoint: the names of the configurations, the latest first. They are written
 * before an update, so that a kill loses nothing; an update that is rolled back leaves them as good as before.
 */
export interface History {
  readonly previous: readonly string[];
  /** The configuration of a trial, such as a canary: nobody wants to return to it. */
  readonly interim: string | undefined;
  /** The configuration that was on its way when a call ended without waiting for it. */
  readonly unseen: string | undefined;
}

const previousTag = "churnkit:previous";
const interimTag = "churnkit:interim";
const unseenTag = "churnkit:unseen";
/** As many names as a tag's 256 characters hold. */
const longest = 3;

const arnOf = ({ target }: AwsSession, endpoint: string): string => sagemakerArn(target, `endpoint/${endpoint}`);

export async function readHistory(session: AwsSession, endpoint: string): Promise<History> {
  const { Tags = [] } = await session.call("sagemaker", "ListTags", { ResourceArn: arnOf(session, endpoint) });
  const valueOf = (key: string): string => Tags.find(({ Key }) => Key === key)?.Value ?? "";
  return {
    previous: valueOf(previousTag).split(" ").filter(Boolean),
    interim: valueOf(interimTag) || undefined,
    unseen: valueOf(unseenTag) || undefined,
  };
}

/** The history once an endpoint has left a configuration for another. */
export function leaving({ previous, interim }: History, from: string, to: string, isTrial: boolean): History {
  const before = previous.filter((config) => config !== from && config !== to);
  return {
    previous: (from === interim ? before : [from, ...before]).slice(0, longest),
    interim: isTrial ? to : interim,
    unseen: undefined,
  };
}

/** The configuration to which an endpoint that serves `standing` returns. */
export function configBefore({ previous }: History, standing: string): string | undefined {
  return previous[previous.indexOf(standing) + 1];
}

export async function writeHistory(session: AwsSession, endpoint: string, from: History, to: History): Promise<void> {
  const tags = ({ previous, interim = "", unseen = "" }: History) => [
    { Key: previousTag, Value: previous.join(" ") },
    { Key: interimTag, Value: interim },
    { Key: unseenTag, Value: unseen },
  ];
  const written = tags(from);
  const changed = tags(to).filter(({ Value }, i) => Value !== written[i]?.Value);
  if (changed.length === 0) return;
  await session.call("sagemaker", "AddTags", { ResourceArn: arnOf(session, endpoint), Tags: changed });
}

/** Remembers an update whose end a later call has to look for. */
export async function leaveUnseen(session: AwsSession, endpoint: string, unseen: string): Promise<void> {
  const before = await readHistory(session, endpoint);
  await writeHistory(session, endpoint, before, { ...before, unseen });
}

/** Whether an update to a configuration was left under way. Asked once it is over, it says so once. */
export async function wasUnseen(session: AwsSession, endpoint: string, config: string): Promise<boolean> {
  const before = await readHistory(session, endpoint);
  if (before.unseen !== config) return false;
  await writeHistory(session, endpoint, before, { ...before, unseen: undefined });
  return true;
}
