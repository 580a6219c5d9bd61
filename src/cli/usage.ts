import type { Command } from "commander";
import { nearestText } from "../data/contract/index.js";

/** Prints a usage error on one line, with the likely intended word. */
export function usageError(text: string, program: Command, args: readonly string[]): string {
  const [message = "", suggestion] = text
    .trim()
    .replace(/^error: /, "")
    .split("\n");
  // A missing option comes first, though it is often a misspelled one.
  const misspelled = /not specified$/.test(message) ? unknownOption(program, args) : undefined;
  const said =
    misspelled ??
    `${message}${suggestion === undefined ? "" : `; ${suggestion.replace(/^\((.*)\)$/, "$1").replace(/^D/, "d")}`}`;
  return `churnkit: ${said} (add --help for usage)\n`;
}

/** Returns the first option that the command does not know. */
function unknownOption(program: Command, args: readonly string[]): string | undefined {
  let command = program;
  for (const word of args) command = command.commands.find((one) => one.name() === word) ?? command;
  const known = command.options.flatMap(({ long }) => long ?? []);
  const wrong = args
    .map((word) => word.replace(/=.*$/s, ""))
    .find((word) => /^--[a-z]/.test(word) && !known.includes(word) && word !== "--help");
  if (wrong === undefined) return undefined;
  const near = nearestText(wrong, known);
  return `unknown option '${wrong}'${near === undefined ? "" : `; did you mean ${near}?`}`;
}
