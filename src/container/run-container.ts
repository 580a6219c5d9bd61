import { parseArgs } from "node:util";
import { ChurnkitError } from "../base/errors.js";
import { writeFileAtomic } from "../io/atomic.js";
import { placesIn, type Host } from "./host.js";
import { orAborted } from "./or-aborted.js";

/** The machine around a container's run; each member has a default. */
export interface ContainerOptions {
  /** The folder in place of `/opt/ml`. Default: `--root`, then the variable CHURNKIT_ROOT. */
  readonly root?: string | undefined;
  /** Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly stdout?: { write(text: string): unknown } | undefined;
  readonly stderr?: { write(text: string): unknown } | undefined;
  /** Ends the run as SIGTERM ends the process: a server answers the last requests, a training keeps its checkpoint. */
  readonly signal?: AbortSignal | undefined;
}

/** Exit codes: done; the job's description, its data or a disk is at fault; churnkit is; ended by SIGTERM before it was done. */
const exit = { done: 0, refused: 1, failed: 2, interrupted: 143 } as const;

const usage = `Usage: churnkit-container train
       churnkit-container serve
       churnkit-container process JOB [--params JSON]...
Options: --root DIR   the folder in place of /opt/ml
docs/aws-container.md has the folders, the hyperparameters and the variables.`;

/** SageMaker keeps this many characters of a reason. */
const reasonLength = 1024;

/**
 * Runs what SageMaker asks of a container: `train`, `serve`, or `process JOB` with the job's params as `--params JSON`. It reads and writes
 * SageMaker's folders, prints metrics, and says why it failed where SageMaker looks for it.
 *
 * @param argv the words after the program's name.
 * @returns the exit code: 0 done, 1 refused, 2 an error of churnkit itself, 143 interrupted.
 *
 * @example
 * ```ts
 * import { runContainer } from "churnkit/container";
 *
 * const code = await runContainer(["process", "split"], { root: "no-such-folder" });
 * console.assert(code === 1); // no-such-folder/output/message says why
 * ```
 */
export async function runContainer(argv: readonly string[], options: ContainerOptions = {}): Promise<number> {
  const { env = process.env, stdout = process.stdout, stderr = process.stderr } = options;
  const { signal = new AbortController().signal } = options;
  const log = (line: string): void => void stderr.write(`churnkit: ${line}\n`);
  let asked: Asked;
  if (argv.some((word) => word === "--help" || word === "-h")) {
    stdout.write(`${usage}\n`);
    return exit.done;
  }
  try {
    asked = askedBy(argv);
  } catch (error) {
    // Node's advice about unknown options is for programs that take any word.
    log(`${reasonOf(error).replace(/ To specify a positional argument .*/, "")}\n${usage}`);
    return exit.refused;
  }
  const places = placesIn(options.root ?? asked.root ?? env["CHURNKIT_ROOT"] ?? "/opt/ml");
  const host: Host = { places, env, signal, log, print: (line) => void stdout.write(`${line}\n`) };
  try {
    await run(asked, host);
    return exit.done;
  } catch (error) {
    if (signal.aborted) {
      log("interrupted before the end; the same job continues from its checkpoints, or begins again without");
      return exit.interrupted;
    }
    const known = ChurnkitError.isInstance(error);
    const reason = `${reasonOf(error)} [${known ? error.code : "unexpected"}]`;
    log(known ? reason : `${reason}\n${error instanceof Error ? (error.stack ?? "") : ""}`);
    const file = { train: places.failure, process: places.message, serve: undefined }[asked.verb];
    if (file !== undefined)
      await writeFileAtomic(file, reason.slice(0, reasonLength)).catch((cause: unknown) => log(reasonOf(cause)));
    return known ? exit.refused : exit.failed;
  }
}

interface Asked {
  readonly verb: "train" | "serve" | "process";
  readonly job: string;
  /** JSON; undefined if it was not told. */
  readonly params: string | undefined;
  readonly root: string | undefined;
}

/** @throws ChurnkitError OPTION_INVALID for words that ask for nothing. */
function askedBy(argv: readonly string[]): Asked {
  const options = { params: { type: "string", multiple: true }, root: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
  const [verb, job = "", ...others] = positionals;
  const refuse = (what: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", what);
  if (verb !== "train" && verb !== "serve" && verb !== "process")
    throw refuse(verb === undefined ? "There is nothing to do." : `There is no ${JSON.stringify(verb.slice(0, 80))}.`);
  const extra = verb === "process" ? others[0] : job || undefined;
  if (extra !== undefined) throw refuse(`${verb} takes no ${JSON.stringify(extra.slice(0, 80))}.`);
  if (verb === "process" && job === "") throw refuse("process needs a job.");
  // SageMaker's arguments are short, so the JSON may come in pieces.
  return { verb, job, params: values.params?.join(""), root: values.root };
}

async function run({ verb, job, params }: Asked, host: Host): Promise<void> {
  // Each loads only what it needs.
  if (verb === "serve") return (await import("./serve.js")).runServer(host);
  if (verb === "train") return (await import("./train.js")).runTraining(host);
  const { runProcessing } = await import("./process.js");
  const given = params ?? host.env["CHURNKIT_PARAMS"] ?? "{}";
  await orAborted(() => runProcessing(host, job, given), host.signal);
}

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().replace(/\s*[\r\n]+\s*/g, " ");
