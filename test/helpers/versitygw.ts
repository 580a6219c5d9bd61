import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "../../src/io/io-error.js";
import { ownedName, ownerState } from "../../src/io/owner.js";
import { machineCache } from "./machine-cache.js";
import { run } from "./venv.js";

const version = "1.8.0";
/** The name is its stamp: a file that is there is whole, since it was renamed into place. */
const binary = resolve(machineCache, `versitygw-${version}`, "versitygw");
const lock = resolve(machineCache, "versitygw.lock");

/** In CI nothing is skipped. */
const demanded = (process.env["CI"] ?? "") !== "";

function locked(): boolean {
  try {
    symlinkSync(ownedName(), lock);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  try {
    // Two who break a dead one's lock at once may both build: whole files are renamed into place, so that does no harm.
    if (ownerState(readlinkSync(lock)) === "dead") unlinkSync(lock);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  return false;
}

/** Builds the server once, some minutes; other processes that ask meanwhile wait for it. */
async function setUp(): Promise<void> {
  mkdirSync(machineCache, { recursive: true });
  while (!existsSync(binary)) {
    if (!locked()) {
      await sleep(500);
      continue;
    }
    const folder = mkdtempSync(join(machineCache, "versitygw-build-"));
    try {
      const source = `github.com/versity/versitygw/cmd/versitygw@v${version}`;
      if (!existsSync(binary)) await run("go", ["install", source], { env: { ...process.env, GOBIN: folder } });
      mkdirSync(resolve(binary, ".."), { recursive: true });
      if (!existsSync(binary)) renameSync(join(folder, "versitygw"), binary);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      unlinkSync(lock);
    }
  }
}

/**
 * Is there a versitygw, the S3 server that checks signatures? Builds it first where Go is at hand. Where it cannot be
 * had, one visible line says what is skipped; in CI that is a failure.
 */
export async function hasVersitygw(purpose: string): Promise<boolean> {
  if (existsSync(binary)) return true;
  try {
    if (spawnSync("go", ["version"]).status !== 0) throw new Error("Go is not installed");
    await setUp();
    return true;
  } catch (error) {
    if (demanded) throw error;
    const why = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    console.warn(`skipped: ${purpose} (needs versitygw ${version}: ${why ?? "unknown"})`);
    return false;
  }
}

/** A running versitygw. */
export interface Versitygw {
  readonly url: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Adds an account that may do nothing but what a bucket's policy allows it. */
  readonly addUser: (accessKeyId: string, secretAccessKey: string) => Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** The server and its folder go with the process that started it: the shell's stdin then comes to an end. */
const withParent = 'folder=$1; shift; "$@" & server=$!; cat > /dev/null; kill -9 $server; rm -rf "$folder"';

let started: Promise<Versitygw> | undefined;

/**
 * The versitygw of this process, the same for every test file that runs in it: started at the first call, ended with the
 * process. Call it in `beforeAll`, after {@link hasVersitygw}.
 */
export const sharedVersitygw = (): Promise<Versitygw> => (started ??= startVersitygw());

/** Starts versitygw on folders of its own. */
async function startVersitygw(): Promise<Versitygw> {
  const folder = mkdtempSync(join(tmpdir(), "churnkit-s3-"));
  const [data, users] = ["data", "users"].map((name) => join(folder, name)) as [string, string];
  for (const made of [data, users]) mkdirSync(made);
  const credentials = { accessKeyId: "testing", secretAccessKey: "testing12345" };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, "log");
  writeFileSync(log, "");
  const server = spawn(
    "sh",
    [
      "-c",
      withParent,
      "sh",
      folder,
      binary,
      "--port",
      `127.0.0.1:${port}`,
      "--iam-dir",
      users,
      "--quiet",
      "--keep-alive",
      "posix",
      data,
    ],
    {
      stdio: ["pipe", "ignore", "pipe"],
      env: {
        PATH: process.env["PATH"],
        ROOT_ACCESS_KEY: credentials.accessKeyId,
        ROOT_SECRET_KEY: credentials.secretAccessKey,
      },
    },
  );
  let said = "";
  server.stderr.on("data", (part: Buffer) => (said = (said + part.toString()).slice(-2000)));
  for (const limit = performance.now() + 20_000; ; await sleep(30)) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) break;
    if (performance.now() < limit) continue;
    server.stdin.end();
    throw new Error(`versitygw did not start: ${said}`);
  }
  const admin = [
    "admin",
    "--access",
    credentials.accessKeyId,
    "--secret",
    credentials.secretAccessKey,
    "--endpoint-url",
    url,
  ];
  return {
    url,
    credentials,
    async addUser(access, secret) {
      await run(binary, [...admin, "create-user", "--access", access, "--secret", secret, "--role", "user"]);
    },
  };
}
