import { spawn } from "node:child_process";
import { note } from "./output.js";

/** A moto server that this process has started. */
interface MotoServer {
  readonly url: string;
  readonly end: () => void;
}

/** What may start moto, the first that is there. */
const commands = [["moto_server"], ["python3", "-m", "moto.server"], ["python", "-m", "moto.server"]] as const;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Milliseconds that it may take to start. */
const longestMs = 60_000;

/**
 * The emulator that is wished for: by its address, or moto's server on a free port of this machine, which ends with this process.
 *
 * @param wish an address, or `auto`.
 */
export async function openEmulator(
  wish: string | undefined,
): Promise<{ readonly place: { readonly emulator?: string }; readonly end: () => void }> {
  const end = (): void => undefined;
  if (wish !== "auto") return { place: wish === undefined ? {} : { emulator: wish }, end };
  for (const [program, ...args] of commands) {
    const server = await started(program, args);
    if (server !== undefined) return { place: { emulator: server.url }, end: server.end };
  }
  note("note: without moto, S3, SNS, SQS, IAM and others are refused; pip install 'moto[server,all]' brings it");
  return { place: {}, end };
}

/** Starts moto, if the program is there and has it. */
function started(program: string, args: readonly string[]): Promise<MotoServer | undefined> {
  const env = { ...process.env, AWS_ACCESS_KEY_ID: "rehearsal", AWS_SECRET_ACCESS_KEY: "rehearsal" };
  const child = spawn(program, [...args, "-H", "127.0.0.1", "-p", "0"], { stdio: ["ignore", "ignore", "pipe"], env });
  const end = (): void => {
    for (const name of signals) process.removeListener(name, interrupted);
    process.removeListener("exit", end);
    child.kill();
  };
  /** Dies of the signal, as it would have without a server. */
  const interrupted = (signal: NodeJS.Signals): void => {
    end();
    process.kill(process.pid, signal);
  };
  for (const name of signals) process.once(name, interrupted);
  process.once("exit", end);
  return new Promise((resolve) => {
    const give = (server?: MotoServer): void => {
      clearTimeout(limit);
      if (server === undefined) end();
      resolve(server);
    };
    const limit = setTimeout(give, longestMs);
    let said = "";
    // It says which port it was given, and later each request.
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-2000);
      const [, url] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
      if (url !== undefined) give({ url, end });
    });
    child.once("error", () => give());
    child.once("exit", () => give());
  });
}
