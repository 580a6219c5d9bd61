import { count, list, number, oneOf, strictObject, text, where, withDefault } from "../../../base/json/index.js";
import { decodeWith } from "../decode.js";
import { type AwsTarget, nameOf, parseAwsTarget, tagsOf } from "../target.js";
import { page } from "./endpoint.js";

/** Requests of CloudWatch Logs for one log group. */
interface LogGroup {
  /** Fails with ResourceAlreadyExistsException where the group exists, which does no harm. */
  readonly CreateLogGroup: {
    readonly logGroupName: string;
    readonly kmsKeyId?: string;
    readonly tags: Record<string, string>;
  };
  readonly PutRetentionPolicy: { readonly logGroupName: string; readonly retentionInDays: number };
}

/** The only numbers of days that CloudWatch Logs takes, as far as logs need them. */
const retentions = ["1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731"];
const days = where(
  count(1),
  (value) => retentions.includes(String(value)),
  `one of the numbers of days that CloudWatch Logs takes: ${retentions.join(", ")}`,
);
const names = (pattern: RegExp) =>
  withDefault(
    where(list(text(64), 50), (all) => all.every((name) => pattern.test(name)), "a list of names"),
    [],
  );

const retention = strictObject({
  days: withDefault(days, 30),
  endpoints: names(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/),
  functions: names(/^[\w-]+$/),
});

/**
 * How long the logs of endpoints and functions are kept, as requests of CloudWatch Logs: without them forever. The logs of jobs
 * are in groups that the whole account shares, and are left alone.
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { logRetention, parseAwsTarget } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const [group] = logRetention(target, { days: 30, endpoints: ["churn-dev"], functions: ["churn-dev-retrain"] });
 * console.assert(group?.PutRetentionPolicy.logGroupName === "/aws/sagemaker/Endpoints/churn-dev");
 * ```
 */
export function logRetention(
  json: AwsTarget,
  description: {
    /** Default 30. */
    readonly days?: number | undefined;
    /** Whole names. */
    readonly endpoints?: readonly string[] | undefined;
    readonly functions?: readonly string[] | undefined;
  },
): LogGroup[] {
  const target = parseAwsTarget(json);
  const { days, endpoints, functions } = decodeWith(retention, description, "The retention", "retention", page);
  const { kmsKey } = target;
  const tags = Object.fromEntries(tagsOf(target).map(({ Key, Value }) => [Key, Value]));
  return [
    ...endpoints.map((name) => `/aws/sagemaker/Endpoints/${name}`),
    ...functions.map((name) => `/aws/lambda/${name}`),
  ].map((logGroupName) => ({
    CreateLogGroup: { logGroupName, ...(kmsKey !== undefined && { kmsKeyId: kmsKey }), tags },
    PutRetentionPolicy: { logGroupName, retentionInDays: days },
  }));
}

/** A request of CreateBudget. */
interface Budget {
  readonly AccountId: string;
  readonly Budget: {
    readonly BudgetName: string;
    readonly BudgetType: "COST";
    readonly TimeUnit: "DAILY" | "MONTHLY";
    readonly BudgetLimit: { readonly Amount: string; readonly Unit: "USD" };
    readonly Metrics: "UnblendedCost"[];
    readonly FilterExpression: { And: { Tags: { Key: string; Values: string[]; MatchOptions: "EQUALS"[] } }[] };
  };
  readonly NotificationsWithSubscribers: {
    Notification: {
      NotificationType: "ACTUAL" | "FORECASTED";
      ComparisonOperator: "GREATER_THAN";
      Threshold: number;
      ThresholdType: "PERCENTAGE";
    };
    Subscribers: { SubscriptionType: "EMAIL" | "SNS"; Address: string }[];
  }[];
  readonly ResourceTags: { Key: string; Value: string }[];
}

const money = strictObject({
  usd: where(number(0), (value) => value > 0, "more than 0"),
  every: withDefault(oneOf(["day", "month"]), "month"),
  tell: where(
    list(text(1024), 10),
    (all) => all.length > 0 && all.every((each) => /^arn:aws[a-z-]*:sns:|^[^@\s]+@[^@\s]+$/.test(each)),
    "a list of 1 to 10 mail addresses or ARNs of SNS topics",
  ),
});

/**
 * A budget of what bears the target's tags, as the request CreateBudget: it tells at 80 % of it and at all of it, and a monthly one
 * also when the forecast is above. It sends nothing. The tags `project` and `stage` must be activated as cost allocation tags.
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { budget, parseAwsTarget } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const { Budget } = budget(target, { usd: 200, tell: ["team@example.org"] });
 * console.assert(Budget.BudgetName === "churn-dev");
 * ```
 */
export function budget(
  json: AwsTarget,
  description: {
    readonly usd: number;
    /** Default `month`. */
    readonly every?: "day" | "month" | undefined;
    /** Mail addresses, or ARNs of SNS topics. */
    readonly tell: readonly string[];
  },
): Budget {
  const target = parseAwsTarget(json);
  const { usd, every, tell } = decodeWith(money, description, "The budget", "budget", page);
  const tag = (Key: string, value: string) => ({ Tags: { Key, Values: [value], MatchOptions: ["EQUALS" as const] } });
  const Subscribers = tell.map((Address) => ({
    SubscriptionType: Address.startsWith("arn:") ? ("SNS" as const) : ("EMAIL" as const),
    Address,
  }));
  const notice = (NotificationType: "ACTUAL" | "FORECASTED", Threshold: number) => ({
    Notification: {
      NotificationType,
      ComparisonOperator: "GREATER_THAN" as const,
      Threshold,
      ThresholdType: "PERCENTAGE" as const,
    },
    Subscribers,
  });
  return {
    AccountId: target.account,
    Budget: {
      BudgetName: nameOf(target),
      BudgetType: "COST",
      TimeUnit: every === "day" ? "DAILY" : "MONTHLY",
      BudgetLimit: { Amount: String(usd), Unit: "USD" },
      Metrics: ["UnblendedCost"],
      FilterExpression: { And: [tag("project", target.name), tag("stage", target.stage)] },
    },
    // AWS forecasts nothing for a day.
    NotificationsWithSubscribers: [
      notice("ACTUAL", 80),
      notice("ACTUAL", 100),
      ...(every === "month" ? [notice("FORECASTED", 100)] : []),
    ],
    ResourceTags: tagsOf(target),
  };
}
