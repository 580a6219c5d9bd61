import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type { ContainerEntry } from "../job.js";
import type { Objects } from "../objects.js";
import type { ModelSource } from "./models.js";

/** A container that serves a model, on a port of this machine. */
export interface ServingContainer {
  /**
   * Asks it; an error if it cannot be reached, or does not answer in some real milliseconds.
   *
   * @param longestMs Default: as long as `fetch` waits.
   */
  send(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    longestMs?: number,
  ): Promise<ContainerAnswer>;
  /** Loads one of many models if it is not loaded yet, and returns the path of its invocations. @throws ModelMissing. */
  pathOf(targetModel: string): Promise<string>;
  stop(): Promise<void>;
}

export interface ContainerAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Real milliseconds that it took. */
  readonly took: number;
}

/** Starts containers, and ends those that still run, or are about to, when it closes. */
export interface ContainerHost {
  readonly start: (model: ModelSource, objects: Objects) => Promise<ServingContainer>;
  readonly close: () => Promise<void>;
}

export function containerHost(entry: ContainerEntry): ContainerHost {
  const running = new Set<Promise<ServingContainer>>();
  const over = new AbortController();
  return {
    async start(model, objects) {
      over.signal.throwIfAborted();
      const started = startContainer(model, entry, objects, over.signal);
      running.add(started);
      try {
        const container = await started;
        const stop = (): Promise<void> => container.stop().finally(() => running.delete(started));
        return { ...container, stop };
      } catch (error) {
        running.delete(started);
        throw error;
      }
    },
    async close() {
      over.abort(new Error("The rehearsal is over."));
      const all = await Promise.allSettled(running);
      await Promise.all(all.flatMap((each) => (each.status === "fulfilled" ? [each.value.stop()] : [])));
    },
  };
}

/** The data of a model that cannot be brought to its container. */
export class ModelMissing extends Error {}

/** Real milliseconds in which a container must answer its first ping, and after which one that does not end is left alone. */
const [startupMs, killMs] = [30_000, 10_000];

/**
 * Brings a model's data into a folder, runs the entry's `serve` there, and waits until it answers `/ping`.
 *
 * @throws ModelMissing; Error with the end of the container's log.
 */
async function startContainer(
  model: ModelSource,
  entry: ContainerEntry,
  objects: Objects,
  over: AbortSignal,
): Promise<ServingContainer> {
  const root = await mkdtemp(join(tmpdir(), "churnkit-rehearsal-"));
  const log: string[] = [];
  const printed = { write: (text: string) => void log.push(text) };
  const abort = new AbortController();
  let running = Promise.resolve();
  let isEnded = false;
  const stop = async (): Promise<void> => {
    abort.abort();
    await Promise.race([running, wait(killMs, undefined, { ref: false })]);
    await rm(root, { recursive: true, force: true });
  };
  try {
    await mkdir(join(root, "model"));
    if (model.data !== "" && !model.isMulti) await unpack(model.data, join(root, "model"), objects);
    const port = await freePort();
    const env = {
      ...model.environment,
      SAGEMAKER_BIND_TO_PORT: String(port),
      ...(model.isMulti ? { SAGEMAKER_MULTI_MODEL: "true" } : {}),
    };
    const ended = (code: unknown): void => {
      isEnded = true;
      log.push(`It ended with ${code instanceof Error ? code.message : `exit code ${String(code)}`}.`);
    };
    running = entry(["serve"], {
      root,
      env,
      stdout: printed,
      stderr: printed,
      signal: AbortSignal.any([abort.signal, over]),
    }).then(ended, ended);
    const url = `http://127.0.0.1:${port}`;
    await untilReady(url, () => isEnded || over.aborted);
    return { stop, ...requestsTo(url, root, model.data, objects) };
  } catch (error) {
    await stop();
    if (error instanceof ModelMissing) throw error;
    throw new Error(log.join("").trim().split("\n").slice(-5).join(" ").slice(-500), { cause: error });
  }
}

async function untilReady(url: string, isEnded: () => boolean): Promise<void> {
  for (const limit = performance.now() + startupMs; performance.now() < limit && !isEnded(); await wait(20)) {
    const signal = AbortSignal.timeout(2000);
    const status = await fetch(`${url}/ping`, { signal }).then(
      (response) => response.body?.cancel().then(() => response.status),
      () => 0,
    );
    if (status === 200) return;
  }
  throw new Error("It did not answer /ping.");
}

function requestsTo(
  url: string,
  root: string,
  prefix: string,
  objects: Objects,
): Pick<ServingContainer, "send" | "pathOf"> {
  const loaded = new Map<string, Promise<string>>();

  const send: ServingContainer["send"] = async (path, headers, body, longestMs) => {
    const start = performance.now();
    const response = await fetch(url + path, {
      method: "POST",
      headers,
      body: body as Uint8Array<ArrayBuffer>,
      ...(longestMs !== undefined && { signal: AbortSignal.timeout(longestMs) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body: bytes, took: performance.now() - start };
  };

  async function load(target: string): Promise<string> {
    const name = createHash("sha256").update(target).digest("hex").slice(0, 32);
    const folder = join(root, "models", name, "model");
    await mkdir(folder, { recursive: true });
    await unpack(`${prefix.replace(/\/?$/, "/")}${target.replace(/^\//, "")}`, folder, objects);
    const body = new TextEncoder().encode(JSON.stringify({ model_name: name, url: folder }));
    const { status, body: said } = await send("/models", { "content-type": "application/json" }, body);
    // 409: it is loaded already.
    if (status !== 200 && status !== 409) throw new Error(new TextDecoder().decode(said));
    return `/models/${name}/invoke`;
  }

  return {
    send,
    pathOf(target) {
      const path = loaded.get(target) ?? load(target);
      loaded.set(target, path);
      path.catch(() => loaded.delete(target));
      return path;
    },
  };
}

async function unpack(uri: string, folder: string, objects: Objects): Promise<void> {
  const archive = await objects.read(uri).catch((cause: unknown) => {
    throw new ModelMissing(
      `Failed to download model data for container "container_1" from URL: "${uri}". Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the model.`,
      { cause },
    );
  });
  const { unpackTar } = await import("modern-tar/fs");
  await pipeline(Readable.from([archive]), createGunzip(), unpackTar(folder));
}

/** A port that nobody listens at. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
