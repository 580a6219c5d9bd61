import { Duration } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { type AwsTarget, arnOf, nameOf } from "../aws/target.js";

/** Where a loop tells people, and where it leaves what nobody could handle. */
export interface Messages {
  readonly topic: Topic;
  readonly deadLetters: Queue;
}

export function messagesOf(scope: Construct, target: AwsTarget, key: IKey, mails: readonly string[]): Messages {
  const topic = new Topic(scope, "Topic", { topicName: nameOf(target), masterKey: key, enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: "Services",
      principals: ["cloudwatch", "budgets"].map((service) => new ServicePrincipal(`${service}.amazonaws.com`)),
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": target.account } },
    }),
  );
  for (const mail of mails) topic.addSubscription(new EmailSubscription(mail));
  const deadLetters = new Queue(scope, "DeadLetters", {
    queueName: nameOf(target, "dead-letters"),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  letRulesSend(deadLetters, target);
  return { topic, deadLetters };
}

/** Lets the target's event rules send to a queue. */
export function letRulesSend(queue: Queue, target: AwsTarget): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: "Rules",
      principals: [new ServicePrincipal("events.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
      conditions: { ArnLike: { "aws:SourceArn": arnOf(target, "events", `rule/${nameOf(target)}-*`) } },
    }),
  );
}
