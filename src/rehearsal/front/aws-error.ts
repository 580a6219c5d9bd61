import { parseJson } from "../../base/json/index.js";

/**
 * An error that a service answers: its name, a message, and the HTTP status.
 *
 * @example
 * ```ts
 * import { AwsError, rehearse } from "churnkit/rehearsal";
 *
 * // The third call of any kind is throttled.
 * let calls = 0;
 * const onCall = (): void => {
 *   if (++calls === 3) throw new AwsError("ThrottlingException", "Rate exceeded", 429);
 * };
 * const rehearsal = await rehearse({ onCall });
 * await rehearsal.close();
 * ```
 */
export class AwsError extends Error {
  constructor(
    name: string,
    message: string,
    readonly status = 400,
    /** What the error has beside its message. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = name;
  }
}

/** The service does not take a value, or the rehearsal does not know what it asks for. */
export const invalid = (message: string): AwsError => new AwsError("ValidationException", message);

/**
 * JSON that came as a text inside a request.
 *
 * @param error name of the service's error for a text that is not JSON.
 */
export function innerJson(text: string, error: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new AwsError(error, `${JSON.stringify(text.slice(0, 80))} is not JSON.`);
  }
}
