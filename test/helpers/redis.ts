import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis } from "../../src/serving/redis/index.js";
import { newFolder } from "./folder.js";

/** Whether Redis starts here. One visible line says what is skipped where it does not; in CI that is a failure. */
export function hasRedis(what: string): boolean {
  const { error } = spawnSync("redis-server", ["--version"]);
  if (error === undefined) return true;
  if ((process.env["CI"] ?? "") !== "") throw error;
  console.warn(`skipped: ${what} (apt-get install redis-server)`);
  return false;
}

/** A Redis of a test's own, since the test stops and kills it. It starts in some 30 ms. */
export interface TestRedis {
  readonly url: string;
  /** Sends a signal: STOP, CONT or KILL. */
  signal(name: NodeJS.Signals): void;
  /** Sends one command, and gives its reply. */
  command(name: string, ...args: string[]): Promise<unknown>;
  /** Starts it again at the same address after it was killed, empty. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** Ends Redis with this process, even while it is stopped: standard input then comes to an end. */
const script = 'redis-server "$@" & pid=$!; echo "pid $pid"; cat >/dev/null; kill -KILL $pid';

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const folder = newFolder();
  const url = `redis://127.0.0.1:${port}`;
  let pid = 0;
  let shell: ReturnType<typeof start>;
  const start = () =>
    spawn(
      "sh",
      [
        "-c",
        script,
        "sh",
        "--port",
        `${port}`,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        folder,
        "--loglevel",
        "warning",
      ],
      { stdio: ["pipe", "pipe", "ignore"] },
    );
  const up = async (): Promise<void> => {
    shell = start();
    pid = await new Promise<number>((resolve) => {
      shell.stdout.once("data", (said: Buffer) => resolve(Number(/pid (\d+)/.exec(String(said))?.[1])));
    });
    for (const limit = performance.now() + 20_000; ; await sleep(10)) {
      if ((await once("PING").catch(() => undefined)) === "PONG") return;
      if (performance.now() > limit) throw new Error("redis-server did not start");
    }
  };
  /** By a connection of its own: none that the test broke is in the way. */
  const once = async (name: string, ...args: string[]): Promise<unknown> => {
    const redis = await connectRedis(url);
    try {
      for (let attempt = 1; ; attempt++, await sleep(10)) {
        try {
          return await redis.send(name, ...args);
        } catch (error) {
          if (attempt === 50 || !/isn't writeable|closed/.test(String(error))) throw error;
        }
      }
    } finally {
      redis.close();
    }
  };
  await up();
  return {
    url,
    signal: (name) => process.kill(pid, name),
    command: once,
    restart: up,
    end: () =>
      new Promise((resolve) => {
        shell.once("close", () => resolve());
        shell.stdin.end();
      }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
