import { builtins } from "../../base/node.js";

/** What a piece of work took of the machine. */
export interface SystemMeter {
  /** Facts about the machine, as tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Processor time of all threads, the largest memory of the process so far, and the time on the wall. */
  read(): Readonly<Record<string, number>>;
}

/** Begins to measure. A runtime other than Node knows the time only. */
export function systemMeter(): SystemMeter {
  const started = performance.now();
  const wall = (): number => (performance.now() - started) / 1000;
  const load = builtins();
  const { process } = globalThis as { readonly process?: NodeJS.Process };
  if (load === undefined || process === undefined) return { tags: {}, read: () => ({ "system.wall_seconds": wall() }) };
  const before = process.cpuUsage();
  return {
    tags: {
      "node.version": process.version,
      "machine.platform": `${process.platform} ${process.arch}`,
      "machine.cores": String(load("node:os").availableParallelism()),
    },
    read() {
      const { user, system } = process.cpuUsage(before);
      return {
        "system.cpu_seconds": (user + system) / 1e6,
        "system.max_rss_mb": process.resourceUsage().maxRSS / 1024,
        "system.wall_seconds": wall(),
      };
    },
  };
}
