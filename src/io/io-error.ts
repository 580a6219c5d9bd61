import { ChurnkitError } from "../base/errors.js";

/** Usual remedies, by the operating system's own code. */
const advice: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: free some space or use another disk.",
  EDQUOT: "The disk quota is used up: free some space or use another location.",
  EACCES: "Permission denied: use a location you have access to, or change its permissions.",
  EPERM: "The operation is not permitted: use a location you have access to, or change its permissions.",
  EROFS: "The file system is read-only: use another location.",
  ENOENT: "It does not exist: check the path.",
  EEXIST: "Part of the path is a file, not a folder: use another path.",
  ENOTDIR: "Part of the path is a file, not a folder: use another path.",
  EISDIR: "It is a folder, not a file: use another path.",
  ENAMETOOLONG: "The path is too long: choose a shorter one.",
  EMFILE: "Too many files are open in this process: raise the limit (ulimit -n) or use fewer at once.",
  EIO: "The device reports an error: check the disk.",
};

/** Returns the operating system's code of an error, such as `ENOENT`, or "" if it has none. */
export function systemCode(error: unknown): string {
  const code = typeof error === "object" && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}

/**
 * Turns an error of the file system into IO_FAILED with the path and what to do; a ChurnkitError is passed on.
 *
 * @param action the failed action, as it follows "cannot": "write", "read".
 */
export function ioFailed(action: string, path: string, cause: unknown): ChurnkitError {
  if (ChurnkitError.isInstance(cause)) return cause;
  const code = systemCode(cause);
  const detail = Object.hasOwn(advice, code) ? advice[code] : cause instanceof Error ? cause.message : String(cause);
  return new ChurnkitError("IO_FAILED", `Cannot ${action} ${path}. ${detail}`, { where: { file: path }, cause });
}
