import type { Command } from "commander";
import { nearestText } from "../data/contract/index.js";

/** A usage error on one line, with what was probably meant. */
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

/** The first option that the command does not know. */
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
