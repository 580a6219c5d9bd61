import { Duration } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import { EventSourceMapping, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { type AwsTarget, nameOf } from "../aws/target.js";
import { letRulesSend } from "./messages.js";

/**
 * Gives each object that arrives below a prefix of the bucket to a function, by a queue: it bears a burst of objects, and only what failed is
 * tried again.
 */
export function ingest(
  scope: Construct,
  target: AwsTarget,
  ingestion: LambdaFunction,
  deadLetters: Queue,
  { prefix, enabled }: { readonly prefix: string; readonly enabled: boolean },
): void {
  const queue = new Queue(scope, "Arrived", {
    queueName: nameOf(target, "arrived"),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    // Lambda asks for six times the function's time.
    visibilityTimeout: Duration.minutes(90),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: 3 },
  });
  letRulesSend(queue, target);
  new CfnRule(scope, "ArrivedRule", {
    name: nameOf(target, "arrived"),
    description: `Queues what arrives below ${prefix}.`,
    state: enabled ? "ENABLED" : "DISABLED",
    eventPattern: {
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: { bucket: { name: [target.bucket] }, object: { key: [{ prefix }] } },
    },
    targets: [{ id: "queue", arn: queue.queueArn, deadLetterConfig: { arn: deadLetters.queueArn } }],
  });
  new EventSourceMapping(scope, "ArrivedMapping", {
    target: ingestion,
    eventSourceArn: queue.queueArn,
    batchSize: 10,
    reportBatchItemFailures: true,
  });
}
