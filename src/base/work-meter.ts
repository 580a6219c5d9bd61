import { builtins } from "./node.js";

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
