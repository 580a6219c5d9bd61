import type { AwsSession } from "../session.js";
import { longestValue, readTags, writeTags } from "./endpoint-tags.js";

/**
 * What an endpoint served before, in tags of the endpoint: the names of the configurations, the latest first. They are written
 * before an update, so that a kill loses nothing; an update that is rolled back leaves them as good as before.
 */
export interface History {
  readonly previous: readonly string[];
  /** The configuration of a trial, such as a canary: nobody wants to return to it. */
  readonly interim: string | undefined;
  /** What was on its way when a call ended without waiting for it. */
  readonly unseen: UnseenUpdate | undefined;
}

/** An update whose end nobody has seen yet. */
export interface UnseenUpdate {
  readonly config: string;
  /** Those of its alarms that were seen in ALARM. */
  readonly alarms: readonly string[];
}

const previousTag = "churnkit:previous";
const interimTag = "churnkit:interim";
const unseenTag = "churnkit:unseen";
/** As many names as a tag's 256 characters hold. */
const longest = 3;
/** What a tag's value may hold, but for spaces, which part the names here. */
const tagWord = /^[\p{L}\p{N}_.:/=+@-]+$/u;

export async function readHistory(session: AwsSession, endpoint: string): Promise<History> {
  const tags = await readTags(session, endpoint);
  const wordsOf = (key: string): string[] => (tags.get(key) ?? "").split(" ").filter(Boolean);
  const [config, ...alarms] = wordsOf(unseenTag);
  return {
    previous: wordsOf(previousTag),
    interim: wordsOf(interimTag)[0],
    unseen: config === undefined ? undefined : { config, alarms },
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
  const tags = ({ previous, interim = "", unseen }: History) => [
    { Key: previousTag, Value: previous.join(" ") },
    { Key: interimTag, Value: interim },
    { Key: unseenTag, Value: unseen === undefined ? "" : textOf(unseen) },
  ];
  const written = tags(from);
  const changed = tags(to).filter(({ Value }, i) => Value !== written[i]?.Value);
  await writeTags(session, endpoint, changed);
}

const textOf = ({ config, alarms }: UnseenUpdate): string =>
  alarms.reduce(
    (text, name) => (tagWord.test(name) && text.length + 1 + name.length <= longestValue ? `${text} ${name}` : text),
    config,
  );

/** Remembers an update whose end a later call has to look for. */
export async function leaveUnseen(
  session: AwsSession,
  endpoint: string,
  { config, alarms }: UnseenUpdate,
): Promise<void> {
  const before = await readHistory(session, endpoint);
  const known = before.unseen?.config === config ? before.unseen.alarms : [];
  const unseen = { config, alarms: [...new Set([...known, ...alarms])] };
  await writeHistory(session, endpoint, before, { ...before, unseen });
}

/** The update to a configuration that was left under way, if there was one. Asked once it is over, it says so once. */
export async function takeUnseen(
  session: AwsSession,
  endpoint: string,
  config: string,
): Promise<UnseenUpdate | undefined> {
  const before = await readHistory(session, endpoint);
  if (before.unseen?.config !== config) return undefined;
  await writeHistory(session, endpoint, before, { ...before, unseen: undefined });
  return before.unseen;
}
