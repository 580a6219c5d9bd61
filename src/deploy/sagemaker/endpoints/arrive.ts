import { Paused } from "../../../base/async/index.js";
import type { ChurnkitError } from "../../../base/errors.js";
import type { AwsSession } from "../session.js";
import { type Asked, endedBadly, gone, rolledBack } from "./failures.js";
import { leaveUnseen, type UnseenUpdate } from "./history.js";
import type { StandingEndpoint } from "./standing.js";
import { type WaitOptions, waitUntilSettled } from "./wait.js";

/**
 * Waits until an endpoint serves the configuration that was asked for. `InService` alone says nothing: so ends an update too that
 * SageMaker took back, and not always with a reason. So the names of the configurations decide, and the alarms are watched
 * meanwhile, because they may be OK again at the end.
 *
 * @throws ChurnkitError DEPLOY_FAILED when it ends anywhere else, or does not end.
 */
export async function arrive(
  session: AwsSession,
  asked: Asked,
  options: WaitOptions,
  alarms?: readonly string[],
): Promise<StandingEndpoint> {
  const rung = new Set<string>();
  const look = async (seen: StandingEndpoint): Promise<void> => {
    const names = alarms ?? alarmsOf(seen);
    for (const name of await inAlarm(session, names)) rung.add(name);
  };
  const seen = await waitUntilSettled(session, asked, options, look).catch(async (error: unknown) => {
    // Who looks again later finds the former configuration if the update failed, and must not begin it once more.
    if (error instanceof Paused)
      await leaveUnseen(session, asked.endpoint, { config: asked.config, alarms: [...rung].sort() });
    throw error;
  });
  if (seen === undefined) throw gone(asked.endpoint);
  if (seen.EndpointStatus === "InService" && seen.EndpointConfigName === asked.config) return seen;
  await look(seen);
  throw notArrived(asked, seen, rung);
}

/** An update that a former call left under way and that did not arrive: its alarms are those that were seen then, or ring still. */
export async function lateFailure(
  session: AwsSession,
  asked: Asked,
  seen: StandingEndpoint,
  { alarms }: UnseenUpdate,
): Promise<ChurnkitError> {
  return notArrived(asked, seen, new Set([...alarms, ...(await inAlarm(session, alarmsOf(seen)))]));
}

const notArrived = (asked: Asked, seen: StandingEndpoint, rung: ReadonlySet<string>): ChurnkitError =>
  (seen.EndpointStatus === "InService" ? rolledBack : endedBadly)(asked, seen, [...rung].sort());

/** The alarms of an update that somebody else began. */
const alarmsOf = ({ LastDeploymentConfig: last }: StandingEndpoint): string[] =>
  (last?.AutoRollbackConfiguration?.Alarms ?? []).flatMap(({ AlarmName }) => AlarmName ?? []);

/** Those of the alarms that ring; none if they cannot be read, since that must not hide how the update goes. */
async function inAlarm(session: AwsSession, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  try {
    const { MetricAlarms = [], CompositeAlarms = [] } = await session.call("cloudwatch", "DescribeAlarms", {
      AlarmNames: [...names],
      AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
      StateValue: "ALARM",
    });
    return [...MetricAlarms, ...CompositeAlarms].flatMap(({ AlarmName }) => AlarmName ?? []);
  } catch {
    return [];
  }
}
