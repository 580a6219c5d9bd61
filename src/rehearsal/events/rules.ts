import type {
  DeleteRuleRequest,
  DescribeRuleRequest,
  PutRuleRequest,
  PutTargetsRequest,
  RemoveTargetsRequest,
  Target,
} from "@aws-sdk/client-eventbridge";
import type { VirtualClock } from "../clock.js";
import { AwsError, innerJson, invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { arnOf, type AwsPlace } from "../place.js";
import type { AwsEvent } from "./event.js";
import { inputOf } from "./input.js";
import { readPattern } from "./pattern.js";
import { readSchedule, watchSchedule } from "./schedule.js";

interface Watched {
  readonly rule: PutRuleRequest & { readonly State: string };
  /** Whether the rule is for an event. */
  readonly fits: (event: unknown) => boolean;
  readonly targets: Map<string, Target>;
  /** Ends the rule's schedule. */
  readonly stop: () => void;
}

interface RulesOptions {
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
  /** Makes the event of a schedule, by the rule's ARN. */
  readonly scheduled: (rule: string) => AwsEvent;
  readonly deliver: (target: Target, event: AwsEvent) => void;
}

/** The rules of a bus, and their targets. */
interface Rules {
  readonly service: Service;
  /** Gives an event to the targets of all rules that are for it. */
  readonly publish: (event: AwsEvent) => void;
}

/** Reads a pattern in a request. */
export const patternIn = (text: string): ((event: unknown) => boolean) =>
  readPattern(innerJson(text, "InvalidEventPatternException"));

export function eventRules(options: RulesOptions): Rules {
  const { place, deliver } = options;
  const rules = new Map<string, Watched>();

  function ruleNamed(name: string | undefined): Watched {
    const rule = rules.get(name ?? "");
    if (rule === undefined) throw new AwsError("ResourceNotFoundException", `Rule ${name ?? ""} does not exist.`);
    return rule;
  }

  const send = ({ targets }: Watched, event: AwsEvent): void => {
    for (const target of targets.values()) deliver(target, event);
  };

  const putRule = (input: PutRuleRequest): object => {
    const name = input.Name ?? "";
    const RuleArn = arnOf(place, "events", `rule/${name}`);
    const tick = (): void => {
      const watched = rules.get(name);
      if (watched !== undefined) send(watched, options.scheduled(RuleArn));
    };
    rules.set(name, watchedRule(input, rules.get(name), options.clock, tick));
    return { RuleArn };
  };

  const described = ({ rule }: Watched): object => ({ ...rule, Arn: arnOf(place, "events", `rule/${rule.Name}`) });

  const setState = (name: string | undefined, State: "ENABLED" | "DISABLED"): void =>
    void putRule({ ...ruleNamed(name).rule, State });

  const service: Service = {
    PutRule: putRule,
    DescribeRule: ({ Name }: DescribeRuleRequest) => described(ruleNamed(Name)),
    ListRules: () => ({ Rules: [...rules.values()].map(described) }),
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
  };
  return {
    service,
    publish(event) {
      for (const watched of rules.values())
        if (watched.rule.State !== "DISABLED" && watched.fits(event)) send(watched, event);
    },
  };
}

/** A rule in place of a former one, whose targets it keeps. `tick` is its schedule's. */
function watchedRule(
  input: PutRuleRequest,
  former: Watched | undefined,
  clock: VirtualClock,
  tick: () => void,
): Watched {
  const { EventPattern, ScheduleExpression } = input;
  const rule = { ...input, State: input.State ?? "ENABLED" };
  if (EventPattern === undefined && ScheduleExpression === undefined)
    throw invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  const fits = EventPattern === undefined ? () => false : patternIn(EventPattern);
  const next = ScheduleExpression === undefined ? () => undefined : readSchedule(ScheduleExpression);
  former?.stop();
  const stop = rule.State === "DISABLED" ? () => undefined : watchSchedule(clock, next, tick);
  return { rule, fits, targets: former?.targets ?? new Map<string, Target>(), stop };
}
