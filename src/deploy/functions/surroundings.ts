import { ChurnkitError } from "../../base/errors.js";
import { documentError, JsonValue } from "../../base/json/index.js";
import type { Clock } from "../../base/async/index.js";
import { type ObjectStore, typedStore } from "../../io/store/index.js";
import { s3Objects, type S3Objects } from "../../io/store/s3/objects.js";
import { type AwsTarget, nameOf, parseAwsTarget } from "../aws/target.js";
import { type AwsSession, awsSession, type ClientConfig } from "../sagemaker/session.js";

/** What every function may be given. In Lambda, the environment and the function's role are enough. */
export interface FunctionOptions {
  /** Default: the JSON of the environment variable `CHURNKIT_TARGET`. */
  readonly target?: AwsTarget | undefined;
  /** The target's folder in its bucket, `s3://churn-data/churn-dev/`; default: opened with `clientConfig`. */
  readonly store?: ObjectStore | undefined;
  /** Settings of every AWS client. */
  readonly clientConfig?: ClientConfig | undefined;
  /** Default: the system's clock. A rehearsal gives its own. */
  readonly clock?: Clock | undefined;
}

/** What a function works with. */
export interface Surroundings {
  readonly target: AwsTarget;
  readonly session: AwsSession;
  /** The target's folder in its bucket. */
  readonly store: () => Promise<ObjectStore>;
  /** A bucket by any key. */
  readonly bucket: (name: string) => Promise<S3Objects>;
}

export function surroundingsOf({ target, store, clientConfig, clock }: FunctionOptions): Surroundings {
  const known = target === undefined ? targetOfEnvironment() : parseAwsTarget(target);
  const session = awsSession(known, { ...(clientConfig && { clientConfig }), ...(clock && { clock }) });
  const s3 = { ...session.clientConfig, forcePathStyle: session.clientConfig.endpoint !== undefined };
  return {
    target: known,
    session,
    store: onDemand(() => (store === undefined ? session.store() : Promise.resolve(typedStore(store)))),
    bucket: memoized((bucket) => s3Objects({ bucket, clientConfig: s3 })),
  };
}

const unreadable = documentError("OPTION_INVALID", "The environment variable", "Give the target as JSON.");

function targetOfEnvironment(): AwsTarget {
  const json = process.env["CHURNKIT_TARGET"];
  if (json !== undefined) return parseAwsTarget(JsonValue.parse(json, "CHURNKIT_TARGET", unreadable).value);
  throw new ChurnkitError(
    "OPTION_INVALID",
    "The function has no target. Give it one, or set the environment variable CHURNKIT_TARGET to its JSON.",
  );
}

/** Makes a thing when it is first needed, and once; a failed attempt is repeated. */
function onDemand<T>(make: () => Promise<T>): () => Promise<T> {
  const get = memoized(make);
  return () => get("");
}

function memoized<T>(make: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (name) => {
    const thing = made.get(name) ?? make(name);
    made.set(name, thing);
    thing.catch(() => made.delete(name));
    return thing;
  };
}

/** A place in S3. */
export interface S3Place {
  readonly bucket: string;
  readonly key: string;
}

/** @throws ChurnkitError OPTION_INVALID. */
export function placeOfUri(uri: string): S3Place {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(uri) ?? [];
  if (bucket !== undefined) return { bucket, key: key ?? "" };
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${JSON.stringify(uri.slice(0, 200))} is no place in S3. Give one such as s3://churn-data/churn-dev/raw/.`,
    { where: { value: uri.slice(0, 200) } },
  );
}

/** Folder of a target in its bucket, as a place. */
export const homeOf = (target: AwsTarget): S3Place => ({ bucket: target.bucket, key: `${nameOf(target)}/` });
