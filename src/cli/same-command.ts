import type { Command } from "commander";

/** The command as it was typed, with words added: what to type instead. */
export function sameCommand(command: Command, added: readonly string[]): string {
  let root = command;
  while (root.parent !== null) root = root.parent;
  // Commander keeps the words as they were given, and does not declare it.
  const { rawArgs } = root as Command & { readonly rawArgs: readonly string[] };
  return ["churnkit", ...rawArgs, ...added].map(quoted).join(" ");
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
