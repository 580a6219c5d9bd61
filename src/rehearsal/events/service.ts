import type {
  PutEventsRequest,
  PutEventsRequestEntry,
  PutEventsResultEntry,
  TestEventPatternRequest,
} from "@aws-sdk/client-eventbridge";
import { AwsError, innerJson } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import type { AwsPlace } from "../place.js";
import { delivery, type DeliveryOptions } from "./delivery.js";
import { eventMaker } from "./event.js";
import { eventRules, patternIn } from "./rules.js";

export interface EventBusOptions extends DeliveryOptions {
  readonly place: AwsPlace;
}

/** EventBridge's default bus. */
export interface EventBus {
  readonly service: Service;
  /** Puts an event that an AWS service made. */
  readonly emit: (source: string, detailType: string, detail: unknown, resources?: readonly string[]) => void;
}

export function eventBus(options: EventBusOptions): EventBus {
  const { clock, place } = options;
  const make = eventMaker(clock, place);
  const { service, publish } = eventRules({
    clock,
    place,
    scheduled: (rule) => make("aws.events", "Scheduled Event", {}, [rule]),
    deliver: delivery(options),
  });

  /** Publishes an event of a caller, or says why not: the others are published all the same. */
  function put(entry: PutEventsRequestEntry): PutEventsResultEntry {
    const { Source = "", DetailType = "", Detail = "{}", Resources = [], Time } = entry;
    try {
      const time = Time === undefined ? undefined : Number(Time) * 1000;
      const event = make(Source, DetailType, innerJson(Detail, "MalformedDetail"), Resources, time);
      publish(event);
      return { EventId: event.id };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { ErrorCode: error.name, ErrorMessage: error.message };
    }
  }

  return {
    service: {
      ...service,
      PutEvents: ({ Entries: given = [] }: PutEventsRequest) => {
        const Entries = given.map(put);
        return { FailedEntryCount: Entries.filter(({ ErrorCode }) => ErrorCode !== undefined).length, Entries };
      },
      TestEventPattern: ({ EventPattern = "{}", Event = "{}" }: TestEventPatternRequest) => ({
        Result: patternIn(EventPattern)(innerJson(Event, "ValidationException")),
      }),
    },
    emit: (source, type, detail, resources = []) => publish(make(source, type, detail, resources)),
  };
}
