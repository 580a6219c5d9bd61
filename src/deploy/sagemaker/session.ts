import { type Clock, systemClock } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import type { ObjectStore } from "../../io/store/index.js";
import type { AwsTarget } from "../aws/target.js";
import { callFailed } from "./call-failed.js";
import { type InputOf, load, type Operation, type OutputOf, type Service } from "./services.js";
import { targetStore } from "./target-store.js";

/** Settings of {@link awsSession}. */
export interface AwsSessionOptions {
  /**
   * Settings of every AWS client: credentials, `endpoint`, `maxAttempts`, `retryMode`. The region is the target's.
   * Default: what the AWS SDK finds, and six attempts.
   */
  readonly clientConfig?: ClientConfig;
  /** Default: the system's clock. A rehearsal gives its own. */
  readonly clock?: Clock;
}

/** Settings that all clients of the AWS SDK share. */
export interface ClientConfig {
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly maxAttempts?: number;
  readonly retryMode?: "standard" | "adaptive";
}

/** The account of a target, as those who change something in it see it. */
export interface AwsSession {
  readonly target: AwsTarget;
  readonly clock: Clock;
  readonly clientConfig: ClientConfig & { readonly region: string };
  /**
   * Sends one request. Before the session's first request that may change something, it asks STS whose the credentials are.
   *
   * @throws ChurnkitError AWS_FAILED, whose cause is the SDK's error; OPTION_INVALID when the credentials are of another
   * account than the target's; PEER_MISSING without the service's package.
   */
  readonly call: <S extends Service, O extends Operation<S>>(
    service: S,
    operation: O,
    input: InputOf<S, O>,
  ) => Promise<OutputOf<S, O>>;
  /**
   * Asks STS whose the credentials are, once. `call` does it by itself; others do before they write anywhere else.
   *
   * @throws ChurnkitError OPTION_INVALID, AWS_FAILED, PEER_MISSING.
   */
  readonly check: () => Promise<void>;
  /**
   * Opens the target's folder in its bucket, such as `s3://churn-data/churn-dev/`. S3 refuses a bucket of another account.
   *
   * @throws ChurnkitError PEER_MISSING without `@aws-sdk/client-s3`; the errors of `check`.
   */
  readonly store: () => Promise<ObjectStore>;
  readonly close: () => void;
}

/** Operations that change nothing. */
const readOnly = /^(BatchGet|Describe|Filter|Get|Head|List|Query|Search|Simulate)/;

/**
 * Opens a target's account for the helpers that start jobs, release models and change endpoints.
 *
 * @example
 * ```ts
 * import { parseAwsTarget } from "churnkit/deploy/aws";
 * import { awsSession } from "churnkit/deploy/sagemaker";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const session = awsSession(target);
 * console.assert(session.clientConfig.region === "us-east-1");
 * session.close();
 * ```
 */
export function awsSession(
  target: AwsTarget,
  { clientConfig, clock = systemClock }: AwsSessionOptions = {},
): AwsSession {
  const config = { maxAttempts: 6, retryMode: "standard", ...clientConfig, region: target.region } as const;
  const { during = (work) => work() } = clock;
  const clients = new Map<Service, { destroy(): void; send(command: never): Promise<unknown> }>();
  let checked: Promise<void> | undefined;

  async function send<S extends Service, O extends Operation<S>>(
    service: S,
    operation: O,
    input: InputOf<S, O>,
  ): Promise<OutputOf<S, O>> {
    const { Client, Command } = await load(service, operation);
    const client = clients.get(service) ?? new Client(config);
    clients.set(service, client);
    try {
      return (await during(() => client.send(new Command(input) as never))) as OutputOf<S, O>;
    } catch (cause) {
      throw callFailed(service, operation, cause);
    }
  }

  async function checkAccount(): Promise<void> {
    const { Account } = await send("sts", "GetCallerIdentity", {});
    if (Account === target.account) return;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The credentials are of account ${Account ?? "unknown"}, but the target ${target.name} (${target.stage}) is account ${target.account}. Nothing was changed. Use a profile or role of that account.`,
      { where: { value: Account } },
    );
  }

  function check(): Promise<void> {
    // A failed check is asked again: the network may be back.
    return (checked ??= checkAccount().catch((error: unknown) => {
      checked = undefined;
      throw error;
    }));
  }

  return {
    target,
    clock,
    clientConfig: config,
    async call(service, operation, input) {
      if (!readOnly.test(operation)) await check();
      return send(service, operation, input);
    },
    check,
    async store() {
      await check();
      return targetStore(target, config);
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
      clients.clear();
    },
  };
}
