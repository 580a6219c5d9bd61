import { patiently } from "../patiently.js";
import type { AwsSession } from "../session.js";
import { isOver, type JobKind } from "./kind.js";

/** Milliseconds between two looks at a job that stops. SageMaker gives a container two minutes. */
const pause = 5_000;

/**
 * Stops a job, and waits until it has ended.
 *
 * @returns how it ended: a job may complete or fail while it is told to stop.
 */
export async function stopJob<Described extends object>(
  kind: JobKind<Described, unknown>,
  session: AwsSession,
  name: string,
): Promise<string> {
  const { clock } = session;
  const statusOf = async (): Promise<string> =>
    kind.stateOf(await patiently(clock, () => kind.describe(session, name))).status;
  let status = await statusOf();
  if (status === "InProgress") {
    try {
      await patiently(clock, () => kind.stop(session, name));
    } catch (error) {
      // It may have ended meanwhile, which is refused.
      if (!isOver(await statusOf())) throw error;
    }
    status = await statusOf();
  }
  while (!isOver(status)) {
    await clock.sleep(pause);
    status = await statusOf();
  }
  return status;
}
