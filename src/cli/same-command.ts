import type { Command } from "commander";

/** Returns the typed command with words added: what to type instead. */
export function sameCommand(command: Command, added: readonly string[]): string {
  let root = command;
  while (root.parent !== null) root = root.parent;
  // Commander keeps the original words, but does not declare them.
  const { rawArgs } = root as Command & { readonly rawArgs: readonly string[] };
  return ["churnkit", ...rawArgs, ...added].map(quoted).join(" ");
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
