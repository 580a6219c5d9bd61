import type {
  DeleteRuleRequest,
  DescribeRuleRequest,
  PutEventsRequest,
  PutEventsRequestEntry,
  PutEventsResultEntry,
  PutRuleRequest,
  PutTargetsRequest,
  RemoveTargetsRequest,
  Target,
  TestEventPatternRequest,
} from "@aws-sdk/client-eventbridge";
import { AwsError, innerJson, invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { arnOf, type AwsPlace } from "../place.js";
import { delivery, type DeliveryOptions } from "./delivery.js";
import { inputOf } from "./input.js";
import { readPattern } from "./pattern.js";
import { readSchedule, watchSchedule } from "./schedule.js";

/** An event as EventBridge delivers it. */
export interface AwsEvent {
  readonly version: "0";
  readonly id: string;
  readonly source: string;
  readonly "detail-type": string;
  readonly account: string;
  readonly region: string;
  /** ISO 8601. */
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export interface EventBusOptions extends DeliveryOptions {
  readonly place: AwsPlace;
}

interface Watched {
  readonly rule: PutRuleRequest & { readonly State: string };
  /** Whether the rule is for an event. */
  readonly fits: (event: unknown) => boolean;
  readonly targets: Map<string, Target>;
  /** Ends the rule's schedule. */
  readonly stop: () => void;
}

/** EventBridge's default bus. */
export interface EventBus {
  readonly service: Service;
  /** Puts an event that an AWS service made. */
  readonly emit: (source: string, detailType: string, detail: unknown, resources?: readonly string[]) => void;
}

const patternIn = (text: string): ((event: unknown) => boolean) =>
  readPattern(innerJson(text, "InvalidEventPatternException"));

export function eventBus(options: EventBusOptions): EventBus {
  const { clock, place } = options;
  const deliver = delivery(options);
  const rules = new Map<string, Watched>();
  let events = 0;

  function ruleNamed(name: string | undefined): Watched {
    const rule = rules.get(name ?? "");
    if (rule === undefined) throw new AwsError("ResourceNotFoundException", `Rule ${name ?? ""} does not exist.`);
    return rule;
  }

  const send = ({ targets }: Watched, event: AwsEvent): void => {
    for (const target of targets.values()) deliver(target, event);
  };

  function make(
    source: string,
    type: string,
    detail: unknown,
    resources: readonly string[],
    time = clock.now(),
  ): AwsEvent {
    const id = `00000000-0000-4000-8000-${String(++events).padStart(12, "0")}`;
    const iso = new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
    return { version: "0", id, source, "detail-type": type, ...place, time: iso, resources, detail };
  }

  function publish(event: AwsEvent): void {
    for (const watched of rules.values())
      if (watched.rule.State !== "DISABLED" && watched.fits(event)) send(watched, event);
  }

  function putRule(input: PutRuleRequest): object {
    const name = input.Name ?? "";
    const rule = { ...input, State: input.State ?? "ENABLED" };
    const arn = arnOf(place, "events", `rule/${name}`);
    if (input.EventPattern === undefined && input.ScheduleExpression === undefined)
      throw invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
    const fits = input.EventPattern === undefined ? () => false : patternIn(input.EventPattern);
    const next = input.ScheduleExpression === undefined ? () => undefined : readSchedule(input.ScheduleExpression);
    const former = rules.get(name);
    former?.stop();
    const tick = (): void => {
      const watched = rules.get(name);
      if (watched !== undefined) send(watched, make("aws.events", "Scheduled Event", {}, [arn]));
    };
    const stop = rule.State === "DISABLED" ? () => undefined : watchSchedule(clock, next, tick);
    rules.set(name, { rule, fits, targets: former?.targets ?? new Map<string, Target>(), stop });
    return { RuleArn: arn };
  }

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

  const describedRule = (rule: Watched["rule"]): object => ({
    ...rule,
    Arn: arnOf(place, "events", `rule/${rule.Name}`),
  });

  const setState = (name: string | undefined, State: "ENABLED" | "DISABLED"): void =>
    void putRule({ ...ruleNamed(name).rule, State });

  const service: Service = {
    PutRule: putRule,
    DescribeRule: ({ Name }: DescribeRuleRequest) => describedRule(ruleNamed(Name).rule),
    ListRules: () => ({ Rules: [...rules.values()].map(({ rule }) => describedRule(rule)) }),
    EnableRule: ({ Name }: DescribeRuleRequest) => setState(Name, "ENABLED"),
    DisableRule: ({ Name }: DescribeRuleRequest) => setState(Name, "DISABLED"),
    DeleteRule: ({ Name }: DeleteRuleRequest) => {
      const rule = rules.get(Name ?? "");
      if (rule !== undefined && rule.targets.size > 0)
        throw new AwsError("ValidationException", "Rule can't be deleted since it has targets.");
      rule?.stop();
      rules.delete(Name ?? "");
    },
    PutTargets: ({ Rule, Targets = [] }: PutTargetsRequest) => {
      const { targets } = ruleNamed(Rule);
      // Refused now where it could not be delivered later.
      for (const target of Targets) inputOf(target, {});
      for (const target of Targets) targets.set(target.Id ?? "", target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets: ({ Rule, Ids = [] }: RemoveTargetsRequest) => {
      const { targets } = ruleNamed(Rule);
      for (const id of Ids) targets.delete(id);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    ListTargetsByRule: ({ Rule }: { readonly Rule?: string }) => ({ Targets: [...ruleNamed(Rule).targets.values()] }),
    PutEvents: ({ Entries: given = [] }: PutEventsRequest) => {
      const Entries = given.map(put);
      return { FailedEntryCount: Entries.filter(({ ErrorCode }) => ErrorCode !== undefined).length, Entries };
    },
    TestEventPattern: ({ EventPattern = "{}", Event = "{}" }: TestEventPatternRequest) => ({
      Result: patternIn(EventPattern)(innerJson(Event, "ValidationException")),
    }),
  };
  return { service, emit: (source, type, detail, resources = []) => publish(make(source, type, detail, resources)) };
}
