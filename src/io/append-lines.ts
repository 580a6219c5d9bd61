import { node } from "../base/node.js";
import { makeFolder } from "./atomic.js";

const newline = 10;

/**
 * Appends whole lines to a file in one write, on a new line even if a killed process left a part of one. A missing file and
 * folder are made. The file is opened for each write, so that it may be moved away (log rotation) and nothing has to be closed.
 *
 * @param options.sync Waits until the disk has them.
 */
export async function appendLines(path: string, lines: string, { sync = false } = {}): Promise<void> {
  const { open } = node().getBuiltinModule("node:fs/promises");
  await makeFolder(node().getBuiltinModule("node:path").dirname(path));
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    const last = size === 0 ? newline : (await file.read(new Uint8Array(1), 0, 1, size - 1)).buffer[0];
    if (lines !== "") await file.appendFile(last === newline ? lines : `\n${lines}`);
    if (sync) await file.datasync();
  } finally {
    await file.close();
  }
}
