import type * as Scaling from "@aws-sdk/client-application-auto-scaling";
import type * as CloudWatch from "@aws-sdk/client-cloudwatch";
import type * as Logs from "@aws-sdk/client-cloudwatch-logs";
import type * as SageMaker from "@aws-sdk/client-sagemaker";
import type * as Runtime from "@aws-sdk/client-sagemaker-runtime";
import type * as States from "@aws-sdk/client-sfn";
import type * as Sts from "@aws-sdk/client-sts";
import { ChurnkitError } from "../../base/errors.js";

/** The services that the helpers call, by the names of their packages. */
interface Sdks {
  readonly "application-auto-scaling": typeof Scaling;
  readonly cloudwatch: typeof CloudWatch;
  readonly "cloudwatch-logs": typeof Logs;
  readonly sagemaker: typeof SageMaker;
  readonly "sagemaker-runtime": typeof Runtime;
  readonly sfn: typeof States;
  readonly sts: typeof Sts;
}

export type Service = keyof Sdks;

/** Names of a service's operations, such as `CreateEndpoint`. */
export type Operation<S extends Service> = CommandName<Extract<keyof Sdks[S], string>>;

type CommandName<Export extends string> = Export extends `${infer Name}Command`
  ? Name extends "$"
    ? never
    : Name
  : never;

type CommandOf<S extends Service, O extends Operation<S>> = `${O}Command` extends keyof Sdks[S]
  ? Sdks[S][`${O}Command`]
  : never;

export type InputOf<S extends Service, O extends Operation<S>> =
  CommandOf<S, O> extends new (...args: infer Args) => unknown ? OnlyOf<Args> : never;

/** A command without required members takes no argument too. */
type OnlyOf<Args> = Args extends readonly [infer Input] ? Input : never;

export type OutputOf<S extends Service, O extends Operation<S>> =
  CommandOf<S, O> extends new (input: never) => {
    resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer Output }>;
  }
    ? Output
    : never;

/** The imports stand one by one, so that a bundler finds them. */
const packages: { readonly [S in Service]: readonly [load: () => Promise<Sdks[S]>, client: string] } = {
  "application-auto-scaling": [
    () => import("@aws-sdk/client-application-auto-scaling"),
    "ApplicationAutoScalingClient",
  ],
  cloudwatch: [() => import("@aws-sdk/client-cloudwatch"), "CloudWatchClient"],
  "cloudwatch-logs": [() => import("@aws-sdk/client-cloudwatch-logs"), "CloudWatchLogsClient"],
  sagemaker: [() => import("@aws-sdk/client-sagemaker"), "SageMakerClient"],
  "sagemaker-runtime": [() => import("@aws-sdk/client-sagemaker-runtime"), "SageMakerRuntimeClient"],
  sfn: [() => import("@aws-sdk/client-sfn"), "SFNClient"],
  sts: [() => import("@aws-sdk/client-sts"), "STSClient"],
};

interface Loaded {
  readonly Client: new (config: object) => {
    destroy(): void;
    send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
  };
  readonly Command: new (input: unknown) => unknown;
}

/**
 * Loads a service's package.
 *
 * @throws ChurnkitError PEER_MISSING.
 */
export async function load(service: Service, operation: string): Promise<Loaded> {
  const [importPackage, client] = packages[service];
  const sdk = (await importPackage().catch((cause: unknown) => {
    throw new ChurnkitError(
      "PEER_MISSING",
      `${operation} needs the package @aws-sdk/client-${service}. Install it: npm install @aws-sdk/client-${service}`,
      { cause },
    );
  })) as unknown as Readonly<Record<string, never>>;
  return { Client: sdk[client], Command: sdk[`${operation}Command`] } as unknown as Loaded;
}
