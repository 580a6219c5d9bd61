import { ChurnkitError } from "./errors.js";

/** Loads one of Node's built-in modules; undefined outside Node. */
export const builtins = (): NodeJS.Process["getBuiltinModule"] | undefined =>
  (globalThis as { readonly process?: Partial<NodeJS.Process> }).process?.getBuiltinModule;

/**
 * Returns Node's process, which loads a built-in module when the code needs it. An import of such a module would stop
 * every bundler for browsers.
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
