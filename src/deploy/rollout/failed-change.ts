import { ChurnkitError } from "../../base/errors.js";

/** The driver has waited for the end of the change: to try at once again would only expose the candidate once more. */
export const isOver = (error: unknown): boolean => error instanceof ChurnkitError && error.code === "DEPLOY_FAILED";

/** Whether alarms of the traffic's own took the change back; the error of such a change names them. */
export function isSentBack(error: unknown): boolean {
  if (!isOver(error)) return false;
  const { alarms } = ((error as ChurnkitError).where.value ?? {}) as { readonly alarms?: unknown };
  return Array.isArray(alarms) && alarms.length > 0;
}
