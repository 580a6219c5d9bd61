import type { VirtualClock } from "../../clock.js";
import type { Plan, Step } from "./deployment.js";
import type { Endpoint, Pending, VariantStatus } from "./endpoint.js";
import { bringUp, misbehaving, sizeOf, stopFleet, type Fleet, type Machines } from "./fleet.js";

/** Virtual milliseconds until new instances have started, and until an update is undone. */
export const startMs = 180_000;
const rollbackMs = 60_000;
/** How often alarms are read. */
const readEveryMs = 10_000;

export interface UpdateOptions {
  readonly clock: VirtualClock;
  readonly machines: Machines;
  /** The state of an alarm by its name. */
  readonly alarmState: (name: string) => string | undefined;
  /** Is told each change of the endpoint, and of its deployment. */
  readonly onStatus: (endpoint: Endpoint, changes: Partial<Endpoint>) => void;
  readonly onDeployment: (endpoint: Endpoint) => void;
}

/** Why an update is undone. SageMaker says so only where a container did not start. */
class Rollback extends Error {}

/** Moves an endpoint to another fleet by a plan, or back: it is in service at the end either way, unless a model `strands` it. */
export async function runUpdate(endpoint: Endpoint, fleet: Fleet, plan: Plan, options: UpdateOptions): Promise<void> {
  const { clock, onStatus } = options;
  const begin = clock.now();
  const pending: Pending = { fleet, started: begin / 1000, share: 0, status: statusAt("Creating", "", begin) };
  endpoint.pending = pending;
  onStatus(endpoint, { status: "Updating", reason: undefined });
  try {
    let isStarted = false;
    for (const step of plan.steps) {
      if (step.brings) {
        enter("Creating", `Launching ${instancesOf(step, fleet)} instance(s).`);
        await watched(startMs);
        if (!isStarted) await bringUp(endpoint.name, fleet, options);
        isStarted = true;
      }
      await turnOn(step);
    }
    if (plan.terminationSeconds > 0)
      enter("Baking", `Baking for ${plan.terminationSeconds} seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of ${sizeOf(fleet)} instance(s).`); // prettier-ignore
    await watched(plan.terminationSeconds * 1000);
    const old = endpoint.fleet;
    endpoint.fleet = fleet;
    endpoint.pending = undefined;
    await clock.during(() => stopFleet(old.variants));
    onStatus(endpoint, { status: "InService" });
  } catch (error) {
    pending.share = 0;
    enter("Deleting", `Terminating ${sizeOf(fleet)} instance(s).`);
    onStatus(endpoint, { status: "RollingBack" });
    await clock.sleep(rollbackMs);
    await clock.during(() => stopFleet(fleet.variants));
    endpoint.pending = undefined;
    const reason = error instanceof Rollback ? undefined : error instanceof Error ? error.message : String(error);
    const { how: { strands: status = "InService" } = {} } =
      misbehaving(endpoint.name, fleet, options.machines, ({ strands }) => strands !== undefined) ?? {};
    if (status === "OutOfService") await clock.during(() => stopFleet(endpoint.fleet.variants));
    onStatus(endpoint, { status, reason });
  }

  function enter(Status: VariantStatus["Status"], StatusMessage: string): void {
    pending.status = statusAt(Status, StatusMessage, clock.now());
    options.onDeployment(endpoint);
  }

  async function turnOn(step: Step): Promise<void> {
    const capacity = `${step.name} capacity of ${instancesOf(step, fleet)} instance(s)`;
    enter("ActivatingTraffic", `Activating traffic on ${capacity}.`);
    pending.share = step.share;
    if (step.waitSeconds === 0) return;
    enter("Baking", `Baking for ${step.waitSeconds} seconds (WaitIntervalInSeconds) with traffic enabled on ${capacity}.`); // prettier-ignore
    await watched(step.waitSeconds * 1000);
  }

  /** Waits, and gives up where an alarm is on while the new fleet has traffic, or the time is over. */
  async function watched(ms: number): Promise<void> {
    for (const end = clock.now() + ms; ; await clock.sleep(Math.min(readEveryMs, end - clock.now()))) {
      if (clock.now() > begin + plan.maxSeconds * 1000) throw new Rollback("The update took too long.");
      const alarm = pending.share > 0 && plan.alarms.find((name) => options.alarmState(name) === "ALARM");
      if (typeof alarm === "string") throw new Rollback(`The alarm ${alarm} went off.`);
      if (clock.now() >= end) return;
    }
  }
}

const statusAt = (Status: VariantStatus["Status"], StatusMessage: string, time: number): VariantStatus => ({
  Status,
  StatusMessage,
  StartTime: time / 1000,
});

const instancesOf = ({ share }: Step, fleet: Fleet): number => Math.max(1, Math.round(share * sizeOf(fleet)));
