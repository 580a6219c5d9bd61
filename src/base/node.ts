import { ChurnkitError } from "./errors.js";

/** Loads one of Node's built-in modules; undefined outside Node. */
export const builtins = (): NodeJS.Process["getBuiltinModule"] | undefined =>
  (globalThis as { readonly process?: Partial<NodeJS.Process> }).process?.getBuiltinModule;

/**
 * Returns Node's process, which loads a built-in module when the code needs it. An import of such a module would stop
 * every bundler for browsers.
 *
 * @throws ChurnkitError IO_FAILED in a browser.
 */
export function node(): Pick<NodeJS.Process, "getBuiltinModule"> {
  const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> };
  if (process?.getBuiltinModule !== undefined) return process as Pick<NodeJS.Process, "getBuiltinModule">;
  throw new ChurnkitError(
    "IO_FAILED",
    "This runtime has no files. Read bytes instead, with readDelimited or readJsonLines.",
  );
}

/** What a piece of work took. */
export interface Work {
  /** On the wall. */
  readonly seconds: number;
  /** Processor time of all threads of the process, also of what else it did meanwhile; unknown outside Node. */
  readonly processorSeconds?: number | undefined;
}

/** The machine of this process. */
export interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
}

const nodeProcess = (): NodeJS.Process | undefined =>
  builtins() && (globalThis as { readonly process?: NodeJS.Process }).process;

/** Begins to measure; each call of the result says what the work took so far. */
export function workMeter(): () => Work {
  const started = performance.now();
  const process = nodeProcess();
  const before = process?.cpuUsage();
  return () => {
    const seconds = (performance.now() - started) / 1000;
    const used = process?.cpuUsage(before);
    return used === undefined ? { seconds } : { seconds, processorSeconds: (used.user + used.system) / 1e6 };
  };
}

/** Facts about the machine; undefined outside Node. */
export function machineFacts(): Machine | undefined {
  const process = nodeProcess();
  if (process === undefined) return undefined;
  const cores = process.getBuiltinModule("node:os").availableParallelism();
  return { node: process.version, platform: `${process.platform} ${process.arch}`, cores };
}
