import { homedir } from "node:os";
import { join } from "node:path";

/** Environments and servers for tests: each is installed once for a machine, whatever the clone. Safe to delete. */
export const machineCache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "churnkit-test");
