import type { Command } from "commander";
import type { Finding } from "../data/contract/index.js";
import { columnList } from "./input.js";
import { note } from "./output.js";
import { sameCommand } from "./same-command.js";

/** Prints the command that leaves out columns that nearly predict the target. */
export function adviseOnLeaks(findings: readonly Finding[], command: Command): void {
  const names = findings.flatMap(({ rule, column }) => (rule === "leak" && column !== null ? [column] : []));
  if (names.length > 0)
    note(
      `to leave ${names.length === 1 ? "it" : "them"} out: ${sameCommand(command, ["--ignore", columnList(names)])}`,
    );
}
