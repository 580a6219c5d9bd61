import { AwsError } from "../front/aws-error.js";
import type { Emulator } from "../front/emulator.js";
import type { Service } from "../front/front.js";
import type { Functions } from "../lambda/functions.js";
import { runtimeFault, StateFault } from "./fault.js";
import type { StateServices } from "./interpreter.js";

/** A task of a state machine, by its resource: parameters in, result out. */
export type TaskHandler = (parameters: unknown, signal: AbortSignal) => Promise<unknown>;

export interface TaskOptions {
  readonly functions: Functions;
  readonly emulator: Emulator;
  /** Services that `arn:aws:states:::aws-sdk:<name>:<operation>` reaches, by their names there. */
  readonly services: Readonly<Record<string, Service>>;
  /** Tasks of your own, by resource; they come first. */
  readonly tasks: Readonly<Record<string, TaskHandler>>;
}

type Members = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Finds the work of a task by its resource. */
export function taskRunner({ functions, emulator, services, tasks }: TaskOptions): StateServices["task"] {
  const known: Readonly<Record<string, TaskHandler>> = {
    "arn:aws:states:::lambda:invoke": async (parameters) => {
      const { FunctionName, Payload = {} } = parameters as Members;
      return { ExecutedVersion: "$LATEST", Payload: await called(text(FunctionName), Payload), StatusCode: 200 };
    },
    "arn:aws:states:::sns:publish": async (parameters) => {
      const { TopicArn, Subject = "", Message } = parameters as Members;
      await emulator.publish(text(TopicArn), text(Subject), text(Message));
      return {};
    },
    "arn:aws:states:::sqs:sendMessage": async (parameters) => {
      const { QueueUrl, MessageBody } = parameters as Members;
      const [name = "", account = ""] = text(QueueUrl).split("/").reverse();
      await emulator.sendMessage(`arn:aws:sqs::${account}:${name}`, text(MessageBody));
      return {};
    },
    ...tasks,
  };

  /** A function's error is the state's error under its own name. */
  const called = (name: string, payload: unknown): Promise<unknown> =>
    functions.invoke(name, payload).catch((error: unknown) => {
      if (error instanceof AwsError) throw new StateFault(`Lambda.${error.name}`, error.message);
      const { name: errorType, message: errorMessage } = error instanceof Error ? error : new Error(String(error));
      throw new StateFault(errorType, JSON.stringify({ errorType, errorMessage }));
    });

  return async (resource, parameters, signal) => {
    const task = Object.hasOwn(known, resource) ? known[resource] : undefined;
    if (task !== undefined) return task(parameters, signal);
    if (/^arn:[\w-]+:lambda:/.test(resource)) return called(resource, parameters);
    const [, service = "", operation = ""] = /^arn:[\w-]+:states:::aws-sdk:(\w+):(\w+)$/.exec(resource) ?? [];
    const own = Object.hasOwn(services, service) ? services[service] : undefined;
    const name = operation.charAt(0).toUpperCase() + operation.slice(1);
    const run = own !== undefined && Object.hasOwn(own, name) ? own[name] : undefined;
    if (run === undefined) throw runtimeFault(`The rehearsal does not know the resource ${resource}.`);
    try {
      return (await run(parameters as never)) ?? {};
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new StateFault(`${service.charAt(0).toUpperCase()}${service.slice(1)}.${error.name}`, error.message);
    }
  };
}
