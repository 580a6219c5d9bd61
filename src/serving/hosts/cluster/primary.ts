import cluster, { type Worker } from "node:cluster";
import { backoff, quietly } from "../../../base/async/index.js";
import { callsOver, type Answers, type Calls } from "./calls.js";
import { handBack } from "./handed-over.js";

/** The processes that serve one port together. */
export interface Workers {
  /**
   * Starts them and resolves when all listen, with what the first told. The others begin when the first listens, so that what keeps
   * all from starting is said once.
   *
   * @throws WorkerFailed where the first does not listen.
   */
  start(): Promise<unknown>;
  /** How many listen now. */
  readonly listening: () => number;
  /** Asks every worker that listens, and gives the answers of those that answer. */
  readonly askAll: (name: string, value?: unknown) => Promise<readonly WorkerAnswer[]>;
  /** Has every worker finish what is under way, and resolves when all have ended. */
  stop(): Promise<void>;
}

/** What a worker answered, by its number. */
export interface WorkerAnswer {
  readonly worker: number;
  readonly answer: unknown;
}

/** Options of {@link workersOf}. */
export interface WorkersOptions {
  readonly count: number;
  /** Arguments of each worker's process. */
  readonly args: readonly string[];
  /** What workers may ask the primary. */
  readonly answers: Answers;
  /** Told when a worker has ended that was not asked to. */
  readonly onEnd: (worker: number, how: string) => void;
}

/** The first worker ended before it listened. */
export class WorkerFailed extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`The first worker ended with ${code}.`);
    this.code = code;
  }
}

/** Milliseconds after which a worker counts as sound: its next end is not one in a row. */
const sound = 60_000;

/** A worker's process. */
interface Running {
  readonly worker: Worker;
  readonly calls: Calls;
  /** What it tells when it listens. */
  readonly told: Promise<unknown>;
  /** How it ended. */
  readonly ended: Promise<string>;
}

/** Workers that listen on one port. Those that end are replaced: soon at first, then after waits that double up to 5 s. */
export function workersOf({ count, args, answers, onEnd }: WorkersOptions): Workers {
  const stopping = new AbortController();
  const running = new Set<Running>();
  const listening = new Set<Running>();
  let complete = (): void => undefined;
  const allListen = new Promise<void>((resolve) => (complete = resolve));
  const tellAll = (): void => {
    const ready = listening.size === count;
    if (ready) complete();
    for (const { calls } of listening) quietly(() => calls.ask("ready", ready));
  };

  const begin = (): Running => {
    const worker = cluster.fork();
    handBack(worker);
    const first: { resolve?: (told: unknown) => void; reject?: (error: Error) => void } = {};
    const told = new Promise((resolve, reject) => Object.assign(first, { resolve, reject }));
    told.catch(() => undefined);
    const calls = callsOver((message) => void (worker.isConnected() && worker.send(message)), {
      ...answers,
      listening(value: unknown) {
        listening.add(one);
        first.resolve?.(value);
        tellAll();
      },
    });
    worker.on("message", (message: unknown) => calls.take(message));
    const ended = new Promise<string>((end) => {
      worker.once("exit", (code: number | null, signal: string | null) => {
        running.delete(one);
        listening.delete(one);
        calls.end();
        tellAll();
        first.reject?.(new WorkerFailed(code ?? 1));
        end(signal ?? `exit code ${code ?? 1}`);
      });
    });
    const one: Running = { worker, calls, told, ended };
    running.add(one);
    return one;
  };
  /** Has a worker replaced whenever it ends. */
  const keep = async (first: Running): Promise<void> => {
    let current = first;
    for (let tries = 0; ; tries++) {
      const since = performance.now();
      const how = await current.ended;
      if (stopping.signal.aborted) return;
      const { id } = current.worker;
      quietly(() => onEnd(id, how));
      if (performance.now() - since > sound) tries = 0;
      await backoff(tries, 0, stopping.signal);
      current = begin();
    }
  };
  const kept: Promise<void>[] = [];

  return {
    async start() {
      // Structured clones: dates and numbers arrive as they are. Connections go round, so that each worker gets as many.
      cluster.setupPrimary({ args: [...args], serialization: "advanced" });
      cluster.schedulingPolicy = cluster.SCHED_RR;
      const first = begin();
      const told = await first.told;
      kept.push(keep(first));
      while (kept.length < count) kept.push(keep(begin()));
      await allListen;
      return told;
    },
    listening: () => listening.size,
    async askAll(name, value) {
      const asked = [...listening].map(async ({ worker, calls }) => ({
        worker: worker.id,
        answer: await calls.ask(name, value),
      }));
      const ends = await Promise.allSettled(asked);
      return ends.flatMap((end) => (end.status === "fulfilled" ? end.value : []));
    },
    async stop() {
      stopping.abort();
      for (const { calls } of running) quietly(() => calls.ask("stop"));
      await Promise.allSettled(kept);
    },
  };
}
