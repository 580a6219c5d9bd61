// Builds when dist is absent or older than the sources, so that one command after `npm ci` is enough.
import { execSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const newest = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => !name.includes("build"))
  .map((name) => statSync(join("src", name)))
  .reduce((latest, entry) => (entry.isFile() ? Math.max(latest, entry.mtimeMs) : latest), 0);

// The kernel is the last file that a build writes: an interrupted build is built again.
const built = existsSync("dist/kernel.wasm") && existsSync("dist/cli.js") ? statSync("dist/cli.js").mtimeMs : 0;
if (built < newest) {
  console.error("churnkit: building ...");
  execSync("npm run build", { stdio: ["ignore", "ignore", "inherit"] });
}
