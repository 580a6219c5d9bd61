import { actionPayload, alarmDetail } from "./cloudwatch/actions.js";
import type { AlarmChange } from "./cloudwatch/alarms.js";
import type { Deliveries } from "./deliver.js";
import type { EventBus } from "./events/service.js";
import { arnOf, type AwsPlace } from "./place.js";
import type { RehearsalEntry } from "./rehearse.js";
import { jobEvent, type SageMakerEvent } from "./sagemaker/events.js";
import type { Job } from "./sagemaker/job.js";
import type { Execution } from "./states/executions.js";

interface TellingOptions {
  readonly place: AwsPlace;
  readonly emit: EventBus["emit"];
  readonly send: Deliveries["send"];
  readonly note: (kind: RehearsalEntry["kind"], text: string) => void;
}

/** What services tell of their changes: to the timeline, to the event bus, and to the actions of alarms. */
export const telling = ({ place, emit, send, note }: TellingOptions) => ({
  alarm: (change: AlarmChange): void => {
    const { alarm, former } = change;
    note("alarm", `${alarm.name} ${former.state} -> ${alarm.state}`);
    const arn = arnOf(place, "cloudwatch", `alarm:${alarm.name}`);
    emit("aws.cloudwatch", "CloudWatch Alarm State Change", alarmDetail(change), [arn]);
    const { AlarmActions, OKActions, InsufficientDataActions, ActionsEnabled = true } = alarm.definition;
    const actions = { ALARM: AlarmActions, OK: OKActions, INSUFFICIENT_DATA: InsufficientDataActions }[alarm.state];
    if (ActionsEnabled) for (const action of actions ?? []) send(action, actionPayload(action, change, place));
  },

  job: (job: Job): void => {
    const { kind, name, status, stages, reason } = job;
    const stage = stages.at(-1)?.Status;
    note("job", `${name} ${stage ?? status}${reason === undefined || reason === "" ? "" : `: ${reason}`}`);
    emit("aws.sagemaker", `SageMaker ${kind.replace("Job", " Job")} State Change`, jobEvent(job), [job.arn]);
  },

  sageMaker: ({ kind, text, type, detail, resources }: SageMakerEvent): void => {
    note(kind, text);
    emit("aws.sagemaker", type, detail, resources);
  },

  execution: (execution: Execution): void => {
    const { name, status, executionArn, stateMachineArn, error } = execution;
    const machine = stateMachineArn.split(":").at(-1);
    note("execution", `${machine} ${name} ${status}${error === undefined ? "" : ` ${error}`}`);
    emit("aws.states", "Step Functions Execution Status Change", executionDetail(execution), [executionArn]);
  },
});

/** An execution as its event has it: in milliseconds, and null where there is nothing yet. */
function executionDetail({ startDate, stopDate, output, error, cause, ...execution }: Execution): object {
  return {
    ...execution,
    startDate: startDate * 1000,
    stopDate: stopDate === undefined ? null : stopDate * 1000,
    output: output ?? null,
    ...(error === undefined ? {} : { error, cause }),
  };
}
