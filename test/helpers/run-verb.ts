import { Command } from "commander";
import { vi } from "vitest";

/** What a verb wrote, and its exit code. */
export interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: typeof process.exitCode;
}

/** Runs a verb of the command line in this process; what it throws, this throws. */
export const runVerb = (register: (program: Command) => void, args: readonly string[]): Promise<Ran> =>
  captured(async () => {
    const program = new Command("churnkit").exitOverride();
    register(program);
    await program.parseAsync([...args], { from: "user" });
  });

/** What is written to the standard streams meanwhile, and the exit code that is set. */
export async function captured(act: () => Promise<void>): Promise<Ran> {
  const written = { out: "", err: "" };
  const into = (name: "out" | "err") => (text: unknown) => {
    written[name] += text instanceof Uint8Array ? new TextDecoder().decode(text) : String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(into("out")),
    vi.spyOn(process.stderr, "write").mockImplementation(into("err")),
  ];
  process.exitCode = undefined;
  try {
    await act();
    return { ...written, code: process.exitCode };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}
