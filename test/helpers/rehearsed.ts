import { awsSession, type AwsSession } from "../../src/deploy/sagemaker/session.js";
import { memoryStore, type ObjectStore } from "../../src/io/store/index.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../src/rehearsal/rehearse.js";
import { awsTarget } from "./aws-target.js";

/** Settings of the clients of a rehearsal. */
export const clientOf = ({ url: endpoint }: Pick<Rehearsal, "url">) => ({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "A", secretAccessKey: "s" },
  maxAttempts: 1,
});

/** A session of a rehearsal's account, on its clock. */
export const sessionOf = (rehearsal: Rehearsal): AwsSession =>
  awsSession(awsTarget, { clientConfig: clientOf(rehearsal), clock: rehearsal.clock });

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
  const { clock } = rehearsal;
  const real = sessionOf(rehearsal);
  const session: AwsSession = { ...real, call: (...request) => clock.during(() => real.call(...request)) };
  const close = async (): Promise<void> => {
    session.close();
    await rehearsal.close();
  };
  return { rehearsal, store, session, close };
}
