import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { parseJson } from "../base/json/index.js";
import type { DeployRequest } from "./deployer.js";

/** A process that serves one model. */
export interface ServeProcess {
  readonly url: string;
  /** Calls the listener when the process is gone, for whatever reason, or at once if it already is. */
  readonly onEnd: (listener: () => void) => void;
  /** Lets requests under way finish, then ends the process. */
  readonly end: () => void;
}

export interface ServeProcessOptions {
  readonly cli: string;
  readonly timeout: number;
  readonly grace: number;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Limit on the bytes read while waiting for the line with the address. */
const longestLine = 10_000;

/**
 * Runs `churnkit serve` on a free port and waits until /health answers with the requested version. The process ends
 * when its standard input does, so that it cannot outlive this one, however this one ends; it does not keep this one
 * from ending either.
 *
 * @param options.cli path of the command line's script.
 * @param options.timeout milliseconds until it must be healthy.
 * @param options.grace milliseconds between the request to end and the kill.
 * @throws Error with the reason why it never became healthy; the process is gone then.
 */
export async function startServing(
  request: DeployRequest,
  { cli, timeout, grace }: ServeProcessOptions,
): Promise<ServeProcess> {
  const words = [
    "--port=0",
    `--name=${request.name}`,
    `--model-version=${request.version}`,
    "--json",
    "--stop-with-stdin",
  ];
  const child: Child = spawn(process.execPath, [cli, "serve", ...words, "--", request.bundle], {
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const onEnd = endOf(child);
  // A write to a process that is gone is the first sign of its end; `onEnd` reports it.
  child.stdin.on("error", () => undefined);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error(`it did not become healthy within ${timeout} ms`)), timeout);
  try {
    const url = await announcedUrl(child, patience.signal);
    await checkHealth(url, request.version, patience.signal);
    release(child);
    return { url, onEnd, end: () => end(child, onEnd, grace) };
  } catch (error) {
    child.kill("SIGKILL");
    await new Promise<void>(onEnd);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Neither the process nor its pipes keep this process alive. */
function release(child: Child): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket).unref();
}

/**
 * Listen for both events from the start: a process that cannot be started has no `exit`, and an `error` without a
 * listener is thrown.
 */
function endOf(child: Child): ServeProcess["onEnd"] {
  const gone = new AbortController();
  child.once("exit", () => gone.abort()).once("error", () => gone.abort());
  return (listener) => {
    if (gone.signal.aborted) listener();
    else gone.signal.addEventListener("abort", listener, { once: true });
  };
}

function end(child: Child, onEnd: ServeProcess["onEnd"], grace: number): void {
  child.stdin.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), grace);
  onEnd(() => clearTimeout(timer));
}

/** The address that `churnkit serve --json` prints once it listens. */
async function announcedUrl(child: Child, signal: AbortSignal): Promise<string> {
  const line = await firstLine(child, signal);
  let url: unknown;
  try {
    url = (parseJson(line) as { url?: unknown } | null)?.url;
  } catch {
    url = undefined;
  }
  if (typeof url === "string" && URL.canParse(url)) return url;
  throw new Error(`it printed ${JSON.stringify(line.slice(0, 100))} instead of its address`);
}

function firstLine(child: Child, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-1000);
    });
    const read = (text: string): void => {
      output += text;
      const end = output.indexOf("\n");
      if (end < 0 && output.length < longestLine) return;
      // Later output is thrown away, so a full pipe never stops the process.
      child.stdout.off("data", read).resume();
      resolve(end < 0 ? output : output.slice(0, end));
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.once("error", reject);
    child.once("close", (code, killedBy) => {
      reject(new Error(`it ended with ${killedBy ?? `code ${code ?? "none"}`}: ${errors.trim().replace(/\s+/g, " ")}`));
    });
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

/** @throws Error when a server is not healthy, or serves another version. */
export async function checkHealth(url: string, version: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${url}/health`, { signal });
  const text = await response.text();
  const health = parseJson(text) as { status?: unknown; model_version?: unknown } | null;
  if (response.ok && health?.status === "ok" && health.model_version === version) return;
  throw new Error(`/health answered ${response.status} ${text.slice(0, 200)}`);
}
