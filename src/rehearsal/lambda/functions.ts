import type { VirtualClock } from "../clock.js";
import { AwsError } from "../front/aws-error.js";

/** A function that runs in this process in place of a Lambda function. */
export type LambdaHandler = (event: unknown, context: LambdaContext) => unknown;

/** What a handler may ask of its surroundings. */
export interface LambdaContext {
  readonly functionName: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Something that failed for good, with the event that it failed for. */
export interface DeadLetter {
  readonly target: string;
  readonly event: unknown;
  readonly reason: string;
}

export interface Functions {
  has(name: string): boolean;
  /** Calls a function and waits for its answer. */
  invoke(name: string, event: unknown): Promise<unknown>;
  /** Calls a function later, as Lambda's own queue does: twice more if it fails, after one and two minutes. */
  queue(name: string, event: unknown): void;
}

/** Milliseconds before Lambda tries an asynchronous call again. */
const retries = [60_000, 120_000];
/** A handler's time, which passes in reality only. */
const longestMs = 900_000;

/**
 * Lambda functions in this process. While a handler runs, time stands still.
 *
 * @param onDead is told each event that no try could handle.
 */
export function lambdaFunctions(
  clock: VirtualClock,
  handlers: Readonly<Record<string, LambdaHandler>>,
  onDead: (letter: DeadLetter) => void,
): Functions {
  let calls = 0;

  async function invoke(name: string, event: unknown): Promise<unknown> {
    const functionName = name.replace(/^arn:.*:function:([^:]+).*$/, "$1");
    const handler = Object.hasOwn(handlers, functionName) ? handlers[functionName] : undefined;
    if (handler === undefined)
      throw new AwsError("ResourceNotFoundException", `The rehearsal has no function ${functionName}.`, 404);
    const deadline = Date.now() + longestMs;
    const context: LambdaContext = {
      functionName,
      awsRequestId: `rehearsal-${++calls}`,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    // A copy: events come as JSON, and a handler may change what it gets.
    return clock.during(() => Promise.resolve(event).then((given) => handler(structuredClone(given), context)));
  }

  function attempt(name: string, event: unknown, tried: number): void {
    invoke(name, event).catch((error: unknown) => {
      const wait = retries[tried];
      if (wait !== undefined && !(error instanceof AwsError))
        return void clock.at(clock.now() + wait, () => attempt(name, event, tried + 1));
      onDead({ target: name, event, reason: error instanceof Error ? error.message : String(error) });
    });
  }

  return { has: (name) => Object.hasOwn(handlers, name), invoke, queue: (name, event) => attempt(name, event, 0) };
}
