import { awsSession, type AwsSession } from "../../src/deploy/sagemaker/session.js";
import { memoryStore, type ObjectStore } from "../../src/io/store/index.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../src/rehearsal/rehearse.js";
import { awsTarget } from "./aws-target.js";

/** A rehearsal with one bucket in memory, and a session of its account whose requests hold the clock. */
export interface Rehearsed {
  readonly rehearsal: Rehearsal;
  readonly store: ObjectStore;
  readonly session: AwsSession;
  readonly close: () => Promise<void>;
}

export async function rehearsed(options: RehearsalOptions = {}): Promise<Rehearsed> {
  const store = memoryStore();
  const rehearsal = await rehearse({ buckets: () => store, ...options });
  const { clock, url: endpoint } = rehearsal;
  const credentials = { accessKeyId: "A", secretAccessKey: "s" };
  const real = awsSession(awsTarget, { clientConfig: { endpoint, credentials, maxAttempts: 1 }, clock });
  const session: AwsSession = { ...real, call: (...request) => clock.during(() => real.call(...request)) };
  const close = async (): Promise<void> => {
    session.close();
    await rehearsal.close();
  };
  return { rehearsal, store, session, close };
}
