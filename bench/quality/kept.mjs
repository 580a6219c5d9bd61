import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A hash of what was built, so that figures of another build are measured again. */
function build() {
  const hash = createHash("sha256");
  for (const file of readdirSync("dist").sort())
    if (file.endsWith(".js")) hash.update(file).update(readFileSync(join("dist", file)));
  return hash.digest("hex").slice(0, 12);
}

/** Runs a measurement once per build and keeps its answer in `folder`; `forever` keeps it for every build. */
export function keeper(folder) {
  mkdirSync(folder, { recursive: true });
  const ours = build();
  const keep = async (key, measure) => {
    const path = join(folder, `${key.join("-")}.json`);
    if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8"));
    const answer = await measure();
    writeFileSync(`${path}.part`, JSON.stringify(answer));
    renameSync(`${path}.part`, path);
    return answer;
  };
  return Object.assign((key, measure) => keep([ours, ...key], measure), { forever: keep });
}
