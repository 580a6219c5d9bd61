import { spawnSync } from "node:child_process";

const command = process.env["PROMTOOL"] ?? "promtool";

/** Runs `promtool check metrics` on a text; undefined where promtool is not installed, with one visible line. */
export function promtoolCheck(text: string): { status: number | null; said: string } | undefined {
  const { status, stdout, stderr, error } = spawnSync(command, ["check", "metrics"], { input: text, encoding: "utf8" });
  if (error === undefined) return { status, said: `${stdout}${stderr}` };
  if ((process.env["CI"] ?? "") !== "") throw error;
  console.warn("skipped: metrics against promtool (apt-get install prometheus)");
  return undefined;
}
