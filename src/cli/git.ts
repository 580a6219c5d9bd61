import { execFile } from "node:child_process";

/** Returns the commit of the current folder, for provenance; undefined outside a repository. */
export function gitCommit(): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("git", ["rev-parse", "HEAD"], { timeout: 2000 }, (error, stdout) =>
      resolve(error ? undefined : stdout.trim()),
    );
  });
}
