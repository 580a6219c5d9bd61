import { ChurnkitError } from "../../../base/errors.js";
import { awsErrorName, orMissing } from "../call-failed.js";
import { patiently } from "../patiently.js";
import type { AwsSession } from "../session.js";
import { differences } from "./differences.js";
import type { StartableJob } from "./kind.js";

/**
 * Starts a job, or takes up the one of this name that was started with the same input.
 *
 * @returns its name.
 * @throws ChurnkitError OPTION_INVALID if the job of this name has other input.
 */
export async function startJob<Description, Request extends object, Described extends object>(
  kind: StartableJob<Description, Request, Described, unknown>,
  session: AwsSession,
  description: Description,
): Promise<string> {
  const request = kind.request(session.target, description);
  const name = kind.nameOf(request);
  const describe = (): Promise<Described> => patiently(session.clock, () => kind.describe(session, name));
  // Asked first: a job that runs already may fill the account's limit, which is then what AWS answers.
  let found = await orMissing(describe());
  if (found === undefined) {
    try {
      await patiently(session.clock, () => kind.create(session, request));
      return name;
    } catch (error) {
      if (awsErrorName(error) !== "ResourceInUse") throw error;
      // By someone else, or by a request of which only the answer was lost.
      found = await describe();
    }
  }
  const [first, ...others] = differences(
    request as Readonly<Record<string, unknown>>,
    found as Readonly<Record<string, unknown>>,
  );
  if (first === undefined) return name;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The ${kind.noun} ${name} exists with other input: ${first}${others.length === 0 ? "" : `, and ${others.length} more`}. Give the new job another name.`,
    { where: { value: name } },
  );
}
