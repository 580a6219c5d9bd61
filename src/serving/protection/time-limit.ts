import { ChurnkitError } from "../../base/errors.js";
import { failure, type Middleware } from "../http.js";

/**
 * Answers 503 where no answer is there after so many milliseconds, from the request's headers on. The work goes on, since
 * JavaScript cannot end it; bound it with `loadLimit` and `maxBatch`.
 *
 * @throws ChurnkitError OPTION_INVALID for a time that is not above 0.
 * @example
 * ```ts
 * import { timeLimit } from "churnkit/serving";
 *
 * const middleware = [timeLimit(10_000)];
 * ```
 */
export function timeLimit(milliseconds: number): Middleware {
  if (!(milliseconds > 0 && milliseconds < 2 ** 31))
    throw new ChurnkitError("OPTION_INVALID", `A time limit is above 0 ms and below 2^31 ms, not ${milliseconds}.`);
  const late = failure(
    503,
    { code: "TOO_BUSY", message: `There was no answer within ${milliseconds} ms. Send fewer records, or later.` },
    { "retry-after": "1" },
  );
  return (next) => (request) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds, late);
      next(request)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
}
