import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startMoto as startServer } from "../../src/rehearsal/moto.js";
import { answers, pythonVenv } from "./venv.js";

const venv = pythonVenv("aws-venv", "moto-5.2.5-cfn-lint-1.58.0", ["moto[server,all]==5.2.5", "cfn-lint==1.58.0"]);

/**
 * Is there a Python environment with moto and botocore? Sets it up first where that can be done. Where it cannot, one
 * visible line says what is skipped; in CI that is a failure.
 *
 * Use: `const ready = await awsPython("S3 store against moto"); describe.skipIf(!ready)(...)`.
 */
export const awsPython = venv.ready;

/** The folder of that environment. */
export const awsFolder = venv.folder;

/** The linter of templates in that environment; call {@link awsPython} first. */
export const cfnLintPath = resolve(venv.folder, "bin/cfn-lint");

/** The folder of botocore's service models inside the environment; call {@link awsPython} first. */
export function botocoreData(): string {
  const version = readdirSync(resolve(venv.folder, "lib")).find((name) => name.startsWith("python")) ?? "";
  return resolve(venv.folder, "lib", version, "site-packages/botocore/data");
}

/** A running moto server. */
export interface Moto {
  /** `http://127.0.0.1:PORT`, the `endpoint` of every AWS client. */
  readonly url: string;
  /** Forgets everything that was made. */
  reset(): Promise<void>;
}

/** What an AWS client needs to talk to moto, beside a service's own options. */
export const motoClient = (
  url: string,
): { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } } => ({
  endpoint: url,
  region: "us-east-1",
  credentials: { accessKeyId: "testing", secretAccessKey: "testing" },
});

let started: Promise<Moto> | undefined;

/**
 * The moto server of this process, the same for every test file that runs in it: started at the first call, ended with the
 * process. Call it in `beforeAll` with 60 s or more.
 */
export const sharedMoto = (): Promise<Moto> => (started ??= startMoto());

/** Starts moto and waits until it answers. */
async function startMoto(): Promise<Moto> {
  await venv.setUp();
  const { url } = await startServer({ python: venv.python });
  while (!(await answers(`${url}/moto-api/data.json`))) await sleep(50);
  return { url, reset: () => reset(url) };
}

async function reset(url: string): Promise<void> {
  const response = await fetch(`${url}/moto-api/reset`, { method: "POST" });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`moto refused to reset: ${response.status}`);
}
