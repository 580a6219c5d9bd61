import { Command } from "commander";
import { register } from "../../src/cli/commands/keys.js";

/** Makes keys and revokes every other one: `file name times`. */
const [file = "", name = "", times = "0"] = process.argv.slice(2);
const keys = async (...args: string[]): Promise<void> => {
  const program = new Command();
  register(program);
  await program.parseAsync(["keys", ...args, "--file", file], { from: "user" });
};
for (let i = 0; i < Number(times); i++) {
  await keys("create", `${name}${i}`);
  if (i % 2 === 0) await keys("revoke", `${name}${i}`);
}
