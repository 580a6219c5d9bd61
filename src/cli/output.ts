import { statSync } from "node:fs";
import { createInterface } from "node:readline";
import { ChurnkitError } from "../base/errors.js";

/** Exit codes of a command: 0 done, 1 a check failed, 2 wrong usage or unusable input, 130 interrupted. */
export const exit = { done: 0, checkFailed: 1, unusable: 2, interrupted: 130 } as const;

/** Prints a result: one line of JSON with `--json`, else the text. */
export function print(json: boolean | undefined, value: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text.trimEnd()}\n`);
}

/** Prints a note for people, separate from the result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Asks a person, who has to say yes. Where input or errors are redirected, nobody can answer, and the answer is no. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((resolve) => {
    // Ctrl-C, or the end of the input.
    asking.once("close", () => resolve(""));
    asking.question(`${question} [y/N] `, resolve);
  });
  asking.close();
  return /^y(?:es)?$/i.test(answer.trim());
}

/** Refuses to overwrite a file that may be the user's own. A device such as /dev/stdout is not such a file. */
export function refuseOverwrite(path: string, force: boolean | undefined, because = ""): void {
  if (force === true || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${path} already exists${because}. Use --force to overwrite it, or name another file.`,
    { where: { file: path } },
  );
}

/** Message of an error. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Prints an error as one line, even if its message quotes line ends, and returns its exit code. */
export function fail(error: unknown): number {
  const message = reasonOf(error)
    .trim()
    .replace(/\s*[\r\n]+\s*/g, " ");
  note(`churnkit: ${message}${ChurnkitError.isInstance(error) ? ` [${error.code}]` : ""}`);
  // A refusal by a gate is a check that failed, not an input that cannot be used.
  return ChurnkitError.isInstance(error) && error.code === "REGISTRY_REFUSED" ? exit.checkFailed : exit.unusable;
}

/** Formats columns of text, padded; numbers are right-aligned, unless they stand among texts. */
export function columns(rows: readonly (readonly string[])[], numbers: "right" | "left" = "right"): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const align = (cell: string, i: number): string =>
    numbers === "right" && /^-?[\d.,]+( ?%)?$|^-$/.test(cell)
      ? cell.padStart(widths[i] ?? 0)
      : cell.padEnd(widths[i] ?? 0);
  return rows.map((row) => row.map(align).join("  ").trimEnd()).join("\n");
}

/** Formats a number with this many digits, or a dash if there is none. */
export const shown = (value: number | null | undefined, digits = 4): string =>
  value === null || value === undefined ? "-" : value.toFixed(digits);
