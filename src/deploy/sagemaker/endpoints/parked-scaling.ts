import { awaitQuietly } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import { documentError, JsonValue, list, object, text } from "../../../base/json/index.js";
import { orMissing } from "../call-failed.js";
import type { AwsSession } from "../session.js";
import { longestValue, readTags, writeTags } from "./endpoint-tags.js";
import { registerAgain, type ScaledVariant } from "./scaled-variants.js";
import { describeEndpoint, isSettled } from "./standing.js";

const prefix = "churnkit:scaling-";
/** An endpoint has 50 tags, and others are in use. */
const mostTags = 40;

const corrupt = documentError(
  "STATE_CORRUPT",
  "The scaling that waits for the end of an update",
  `Register the scaling by hand, and empty the tags ${prefix}0, 1, ... of the endpoint.`,
);
/** As Application Auto Scaling described it; it checks it when it takes it back. */
const asDescribed = ({ value }: JsonValue): unknown => value;
const parked = list(
  object({ variant: text(), target: asDescribed, policies: list(asDescribed), actions: list(asDescribed) }),
);

/**
 * Writes registrations of scaling into tags of their endpoint, before an update that demands them off: so the next call finds them even
 * after a kill. They are JSON in base 64, since few characters may stand in a tag.
 */
export async function park(session: AwsSession, endpoint: string, off: readonly ScaledVariant[]): Promise<void> {
  if (off.length === 0) return;
  const tags = await readTags(session, endpoint);
  // A call that was killed may have taken off some of them.
  const before = read(tags, endpoint).filter(({ variant }) => off.every((each) => each.variant !== variant));
  const content = Buffer.from(JSON.stringify([...before, ...off.map(registration)])).toString("base64");
  const pieces = content.match(new RegExp(`.{1,${longestValue}}`, "g")) ?? [];
  if (pieces.length > mostTags)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The scaling of ${endpoint} must go for this update, and is too long for its tags to bring back. Take policies off by hand first.`,
    );
  await writeTags(session, endpoint, written(tags, pieces));
}

/** What registering it again needs. */
const registration = ({ variant, target, policies, actions }: ScaledVariant) => ({
  variant,
  target: { ...target, CreationTime: undefined, ScalableTargetARN: undefined, SuspendedState: undefined },
  policies: policies.map((each) => ({ ...each, CreationTime: undefined, PolicyARN: undefined, Alarms: undefined })),
  actions: actions.map((each) => ({ ...each, CreationTime: undefined, ScheduledActionARN: undefined })),
});

const read = (tags: ReadonlyMap<string, string>, endpoint: string): ScaledVariant[] => {
  let content = "";
  for (let i = 0; i < mostTags; i++) content += tags.get(`${prefix}${i}`) ?? "";
  if (content === "") return [];
  return parked(JsonValue.parse(Buffer.from(content, "base64"), `tags of ${endpoint}`, corrupt)) as ScaledVariant[];
};

/** Tags with pieces of a text; those that had more of another are emptied. */
const written = (tags: ReadonlyMap<string, string>, pieces: readonly string[]) =>
  Array.from({ length: mostTags }, (_, i) => ({ Key: `${prefix}${i}`, Value: pieces[i] ?? "" })).filter(
    ({ Key, Value }) => Value !== (tags.get(Key) ?? ""),
  );

/** Does what may change an endpoint. Whatever becomes of it: scaling that had to go for it comes back, of variants that are there. */
export async function restoringScaling<T>(session: AwsSession, endpoint: string, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await awaitQuietly(() => unpark(session, endpoint));
    throw error;
  }
  await unpark(session, endpoint);
  return result;
}

async function unpark(session: AwsSession, endpoint: string): Promise<void> {
  const tags = (await orMissing(readTags(session, endpoint))) ?? new Map<string, string>();
  const waiting = read(tags, endpoint);
  if (waiting.length === 0) return;
  const now = await describeEndpoint(session, endpoint);
  if (now === undefined || !isSettled(now)) return;
  const variants = new Set(now.ProductionVariants?.map(({ VariantName }) => VariantName));
  for (const each of waiting) if (variants.has(each.variant)) await registerAgain(session, each);
  await writeTags(session, endpoint, written(tags, []));
}
