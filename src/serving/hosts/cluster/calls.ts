import { quietly } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";

/** What another process may ask for, by name. */
export type Answers = Readonly<Record<string, (value: never) => unknown>>;

/** Questions and answers between two processes. */
export interface Calls {
  /** Asks the other process. @throws what its answer throws, and IO_FAILED when the process ends or does not answer in time. */
  readonly ask: (name: string, value?: unknown) => Promise<unknown>;
  /** Takes a message of the other process. */
  readonly take: (message: unknown) => void;
  /** Fails everything that waits for an answer. */
  readonly end: () => void;
}

interface Message {
  readonly churnkit: "ask" | "answer" | "failed";
  readonly id: number;
  readonly name?: string;
  readonly value?: unknown;
}

/** Milliseconds after which an answer does not come any more. */
const patience = 2000;

/** Puts calls on a channel of messages between processes that run this version. */
export function callsOver(send: (message: Message) => void, answers: Answers): Calls {
  const waiting = new Map<
    number,
    { readonly done: (value: unknown) => void; readonly failed: (error: unknown) => void }
  >();
  let last = 0;
  const answer = async ({ id, name = "", value }: Message): Promise<void> => {
    try {
      const asked = answers[name] as ((value: unknown) => unknown) | undefined;
      send({ churnkit: "answer", id, value: await asked?.(value) });
    } catch (error) {
      send({ churnkit: "failed", id, value: error instanceof Error ? error.message : String(error) });
    }
  };
  return {
    ask: (name, value) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        const over = (): void => {
          clearTimeout(timer);
          waiting.delete(id);
        };
        const failed = (error: unknown): void => {
          over();
          reject(error instanceof Error ? error : noAnswer());
        };
        const timer = setTimeout(failed, patience);
        timer.unref();
        const done = (given: unknown): void => {
          over();
          resolve(given);
        };
        waiting.set(id, { done, failed });
        send({ churnkit: "ask", id, name, value });
      }),
    take(message) {
      if (!isMessage(message)) return;
      const { churnkit: kind, id, value } = message;
      if (kind === "ask") quietly(() => answer(message));
      else if (kind === "answer") waiting.get(id)?.done(value);
      else waiting.get(id)?.failed(new ChurnkitError("IO_FAILED", String(value)));
    },
    end() {
      for (const { failed } of waiting.values()) failed(noAnswer());
    },
  };
}

const noAnswer = (): ChurnkitError => new ChurnkitError("IO_FAILED", "Another process of the server gave no answer.");

const isMessage = (message: unknown): message is Message =>
  typeof message === "object" && message !== null && "churnkit" in message;
