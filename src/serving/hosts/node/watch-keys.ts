import { readFile, stat } from "node:fs/promises";
import { quietly } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import { keysOf, parseKeys, type KeySource } from "../../protection/index.js";

/** Options of {@link watchKeys}. */
export interface WatchKeysOptions {
  /** Milliseconds from one look at the file to the next. Default 1,000. */
  readonly every?: number | undefined;
  /** Told once of each problem with the file; the former keys stay in use. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

/**
 * Keys from a file, read again when it changes: a key that is created or revoked counts about a second later, without a restart.
 * A file that is broken or missing keeps the former keys.
 *
 * The file is looked at rather than subscribed to: that works on every file system, and through the links by which Kubernetes
 * swaps secrets.
 *
 * @throws ChurnkitError INPUT_NOT_FOUND or INPUT_MALFORMED when the first read fails.
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { apiKeys, watchKeys } from "churnkit/serving";
 *
 * await writeFile("keys.json", JSON.stringify({ version: 1, keys: [] }));
 * const keys = await watchKeys("keys.json", { onProblem: console.error });
 * const middleware = [apiKeys(keys)];
 * keys.close();
 * ```
 */
export async function watchKeys(
  path: string,
  { every = 1000, onProblem }: WatchKeysOptions = {},
): Promise<KeySource & { close(): void }> {
  let state = await stateOf(path);
  let keys = await read(path);
  let told = "";
  const look = async (): Promise<void> => {
    try {
      const now = await stateOf(path);
      if (now === state) return;
      keys = await read(path);
      state = now;
      told = "";
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== told) quietly(() => onProblem?.(error));
      told = message;
    }
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    quietly(() => look().finally(() => (looking = false)));
  }, every).unref();
  return {
    find: (sha256) => keys.find(sha256),
    close: () => clearInterval(timer),
  };
}

async function read(path: string): Promise<KeySource> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return keysOf(parseKeys(text, path));
}

/** Changes whenever the file is written or replaced. */
async function stateOf(path: string): Promise<string> {
  const { mtimeNs, ino, size } = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return [mtimeNs, ino, size].join();
}

const unreadable = (path: string, cause: unknown): ChurnkitError =>
  new ChurnkitError("INPUT_NOT_FOUND", `The key file ${path} cannot be read. Make it with \`churnkit keys create\`.`, {
    where: { file: path },
    cause,
  });
