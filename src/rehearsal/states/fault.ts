/**
 * An error of a state machine, as Retry and Catch see it: a name, and a cause in words.
 *
 * @example
 * ```ts
 * import { StateFault } from "churnkit/rehearsal";
 *
 * const task = (): Promise<unknown> => Promise.reject(new StateFault("SageMaker.AmazonSageMakerException", "Rate exceeded"));
 * await task().catch((fault: StateFault) => console.log(fault.error, fault.message));
 * ```
 */
export class StateFault extends Error {
  constructor(
    readonly error: string,
    cause: string,
  ) {
    super(cause);
    this.name = error;
  }
}

/** A fault that the machine's own definition or data caused; States.ALL does not catch it. */
export const runtimeFault = (cause: string): StateFault => new StateFault("States.Runtime", cause);

/** Names that States.ALL does not stand for. */
const uncaught = new Set(["States.Runtime", "States.DataLimitExceeded"]);

/** Whether an `ErrorEquals` of Retry or Catch names the fault. */
export const matches = (names: readonly string[], { error }: StateFault, isTask: boolean): boolean =>
  names.some(
    (name) =>
      name === error ||
      (name === "States.ALL" && !uncaught.has(error)) ||
      (name === "States.TaskFailed" && isTask && error !== "States.Timeout" && !uncaught.has(error)),
  );
