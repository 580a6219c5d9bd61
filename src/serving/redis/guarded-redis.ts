import { quietly } from "../../base/async/index.js";

/**
 * Sends one command to a Redis and gives its reply: `(...command) => client.call(...command)` with a client of ioredis,
 * `(...command) => client.sendCommand(command)` with one of node-redis.
 */
export type RedisCommand = (name: string, ...args: string[]) => Promise<unknown>;

/** Asks Redis, or gives undefined where it fails; Redis itself never replies so. */
export type AskRedis = (...command: Parameters<RedisCommand>) => Promise<unknown> | undefined;

/** Options of {@link guardedRedis}. */
export interface GuardOptions {
  /** Milliseconds that a request waits for a reply. */
  readonly timeout?: number | undefined;
  /** Failures in a row after which Redis is left alone. */
  readonly failures?: number | undefined;
  /** Milliseconds for which it is left alone before it is tried again. */
  readonly rest?: number | undefined;
}

/**
 * A Redis that may die, hang or fail at any time without harm: a command that has no reply within a few milliseconds has failed,
 * and after a few failures in a row none is sent for a while. One command then tries whether Redis is back, and nobody waits for it.
 */
export function guardedRedis(
  send: RedisCommand,
  { timeout = 5, failures = 3, rest = 1000 }: GuardOptions = {},
): AskRedis {
  let failed = 0;
  let triedAt = -Infinity;

  const attempt = (command: Parameters<RedisCommand>): Promise<unknown> =>
    new Promise((resolve) => {
      let open = true;
      const settle = (reply: unknown): void => {
        if (!open) return;
        open = false;
        clearTimeout(timer);
        failed = reply === undefined ? failed + 1 : 0;
        if (reply === undefined) triedAt = performance.now();
        resolve(reply);
      };
      // In two steps: where this process was busy, the reply is there already, and is read between the two.
      let timer = setTimeout(() => (timer = setTimeout(settle, 0, undefined)), timeout);
      awaitReply(send, command)
        .then(settle)
        .catch(() => settle(undefined));
    });

  return (...command) => {
    if (failed < failures) return attempt(command);
    if (performance.now() - triedAt >= rest) {
      triedAt = performance.now();
      quietly(() => attempt(command));
    }
    return undefined;
  };
}

/** Also where `send` throws at once. */
const awaitReply = async (send: RedisCommand, command: Parameters<RedisCommand>): Promise<unknown> => send(...command);
