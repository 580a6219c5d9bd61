import { print } from "./output.js";

/** Where a server listens, and what it serves. */
export interface Told {
  readonly result: object;
  readonly text: string;
}

/** How a server's process is started. */
export interface ProcessOptions {
  readonly json?: boolean;
  readonly stopWithStdin?: boolean;
}

/** Prints where a server listens. */
export function tell({ json }: ProcessOptions, { result, text }: Told): void {
  print(json, result, `${text} (Ctrl-C ends it)`);
}

/** Ends a server by the signals of a terminal and of a service manager. A second signal kills it. */
export function stopOnSignal(stop: () => void, { stopWithStdin }: ProcessOptions): void {
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (stopWithStdin) process.stdin.once("end", stop).once("error", stop).resume();
}
