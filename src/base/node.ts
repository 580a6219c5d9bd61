import { ChurnkitError } from "./errors.js";

/**
 * Node, to ask it for a module of its own when that is used: at an import of one, every bundler for browsers stops.
 *
 * @throws ChurnkitError IO_FAILED in a browser.
 */
export function node(): Pick<NodeJS.Process, "getBuiltinModule"> {
  const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> };
  if (process?.getBuiltinModule !== undefined) return process as Pick<NodeJS.Process, "getBuiltinModule">;
  throw new ChurnkitError(
    "IO_FAILED",
    "This runtime has no files. Read bytes instead, with readDelimited or readJsonLines.",
  );
}
