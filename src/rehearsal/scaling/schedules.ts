import type { PutScheduledActionRequest } from "@aws-sdk/client-application-auto-scaling";
import { readSchedule, watchSchedule, type Schedule } from "../events/schedule.js";
import { AwsError, invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { pageOf } from "../front/pages.js";
import { arnOf } from "../place.js";
import type { Part, PartOptions } from "./policies.js";
import { isAsked, type ListRequest, type Target, type TargetName } from "./targets.js";

interface Scheduled {
  readonly target: Target;
  readonly request: PutScheduledActionRequest;
  readonly created: number;
  readonly cancel: () => void;
}

/** Other bounds of targets at times. */
export function scheduledActions({ clock, place, targets }: Omit<PartOptions, "monitoring">): Part {
  const actions: Scheduled[] = [];
  const find = (target: Target, name: string | undefined): Scheduled | undefined =>
    actions.find((action) => action.target === target && action.request.ScheduledActionName === name);

  function remove(action: Scheduled): void {
    action.cancel();
    actions.splice(actions.indexOf(action), 1);
  }

  function put(request: PutScheduledActionRequest): void {
    const target = targets.find(request);
    const { ScheduledActionName: name = "", Schedule: at = "", Timezone = "UTC" } = request;
    if (!["UTC", "Etc/UTC"].includes(Timezone)) throw invalid("The rehearsal keeps schedules in UTC only.");
    const cancel = watchSchedule(clock, scheduleOf(at), () => void tick(target, request).catch(() => undefined));
    const former = find(target, name);
    if (former !== undefined) remove(former);
    actions.push({ target, request, cancel, created: clock.now() / 1000 });
  }

  async function tick(target: Target, request: PutScheduledActionRequest): Promise<void> {
    const { MinCapacity = target.min, MaxCapacity = target.max } = request.ScalableTargetAction ?? {};
    if (target.suspended.ScheduledScalingSuspended === true) return;
    Object.assign(target, { min: MinCapacity, max: MaxCapacity });
    const cause = `minimum and maximum capacity were set by scheduled action ${request.ScheduledActionName ?? ""}`;
    await targets.scale(target, await targets.desired(target), cause);
  }

  const service: Service = {
    PutScheduledAction: put,
    DescribeScheduledActions: (request: ListRequest) => {
      const found = actions.filter(({ target }) => isAsked(target, request));
      const { items, NextToken } = pageOf(found, request);
      const ScheduledActions = items.map(({ target, request: of, created }) => ({
        ...of,
        ScheduledActionARN: arnOf(
          place,
          "autoscaling",
          `scheduledAction:rehearsal:resource/sagemaker/${target.resource}:scheduledActionName/${of.ScheduledActionName ?? ""}`,
        ),
        CreationTime: created,
      }));
      return { ScheduledActions, NextToken };
    },
    DeleteScheduledAction: (request: TargetName & { readonly ScheduledActionName?: string }) => {
      const action = find(targets.find(request), request.ScheduledActionName);
      if (action === undefined)
        throw new AwsError(
          "ObjectNotFoundException",
          `No scheduled action found: ${request.ScheduledActionName ?? ""}`,
        );
      remove(action);
    },
  };

  return {
    service,
    removeOf: (target) => {
      for (const action of actions.filter((each) => each.target === target)) remove(action);
      return Promise.resolve();
    },
  };
}

/** Reads a schedule: those of EventBridge, and `at(2026-12-24T18:00:00)`. */
function scheduleOf(expression: string): Schedule {
  const at = /^at\((.+)\)$/.exec(expression)?.[1];
  if (at === undefined) return readSchedule(expression);
  const time = Date.parse(`${at}Z`);
  if (Number.isNaN(time)) throw invalid(`${expression} is not a time.`);
  return (after) => (time > after ? time : undefined);
}
