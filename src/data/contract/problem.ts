import { ChurnkitError, type ErrorCode } from "../../base/errors.js";

/** A problem in a schema or contract, and its place. */
export interface Problem {
  readonly code: Extract<ErrorCode, "CONTRACT_UNSUPPORTED_TYPE" | "CONTRACT_INVALID">;
  /** Column name, or a path such as `schema.plan.options[1]`. */
  readonly path: string;
  readonly message: string;
}

/**
 * Throws all problems of a definition in one error, under the code of the first.
 *
 * @throws ChurnkitError CONTRACT_UNSUPPORTED_TYPE or CONTRACT_INVALID.
 */
export function throwProblems(name: string, problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const shown = problems.slice(0, 20).map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  const head = `The contract "${name.slice(0, 80)}" is not valid`;
  const text =
    problems.length === 1 ? `${head}. ${shown.join("")}.` : `${head}:\n  ${[...shown, ...more].join("\n  ")}`;
  throw new ChurnkitError(first.code, text, { where: { path: first.path } });
}
