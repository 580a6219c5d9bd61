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
  ) {
    super(message);
    this.name = name;
  }
}

/** The service found a value that it does not take. */
export const invalid = (message: string): AwsError => new AwsError("ValidationException", message);
