import { machineFacts, workMeter } from "../../base/node.js";

/** What a piece of work took of the machine. */
export interface SystemMeter {
  /** Facts about the machine, as tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Processor time of all threads, the largest memory of the process so far, and the time on the wall. */
  read(): Readonly<Record<string, number>>;
}

/** Begins to measure. A runtime other than Node knows the time only. */
export function systemMeter(): SystemMeter {
  const work = workMeter();
  const machine = machineFacts();
  if (machine === undefined) return { tags: {}, read: () => ({ "system.wall_seconds": work().seconds }) };
  return {
    tags: {
      "node.version": machine.node,
      "machine.platform": machine.platform,
      "machine.cores": String(machine.cores),
    },
    read() {
      const { seconds, processorSeconds = 0 } = work();
      return {
        "system.cpu_seconds": processorSeconds,
        "system.max_rss_mb": process.resourceUsage().maxRSS / 1024,
        "system.wall_seconds": seconds,
      };
    },
  };
}
