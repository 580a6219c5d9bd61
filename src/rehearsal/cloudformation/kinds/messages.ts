import type { Properties } from "../properties.js";
import { elementOf } from "../wire.js";
import { generated, type Kind, putKind, tagMap, tagsIn } from "./kind.js";

const queueAttributes = [
  "KmsMasterKeyId",
  "MessageRetentionPeriod",
  "RedrivePolicy",
  "SqsManagedSseEnabled",
  "VisibilityTimeout",
];

/** Attributes of a queue, which are texts. */
const attributesOf = (properties: Properties): Record<string, string> =>
  Object.fromEntries(
    Object.entries(properties.some(...queueAttributes)).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );

const queue: Kind = {
  named: "QueueName",
  create: async (properties, surroundings) => {
    const { wire, arn } = surroundings;
    const QueueName = properties.text("QueueName", generated(surroundings));
    const request = { QueueName, Attributes: attributesOf(properties), tags: tagMap(properties) };
    const { QueueUrl } = await wire.json("sqs", "CreateQueue", request);
    return { id: String(QueueUrl), attributes: { Arn: arn("sqs", QueueName), QueueName } };
  },
  update: async (properties, { wire }, made) => {
    properties.some("QueueName", "Tags");
    await wire.json("sqs", "SetQueueAttributes", { QueueUrl: made.id, Attributes: attributesOf(properties) });
    return made;
  },
  remove: ({ id }, { wire }) => wire.json("sqs", "DeleteQueue", { QueueUrl: id }),
};

const queuePolicy = putKind({
  create: async (properties, { wire, logical }) => {
    const Policy = properties.text("PolicyDocument");
    const queues = (properties.take("Queues") ?? []) as string[];
    for (const QueueUrl of queues) await wire.json("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy } });
    return { id: logical, parts: queues };
  },
  remove: async ({ parts = [] }, { wire }) => {
    for (const QueueUrl of parts)
      await wire.json("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy: "" } });
  },
});

const topic: Kind = {
  named: "TopicName",
  create: async (properties, surroundings) => {
    const name = properties.text("TopicName", generated(surroundings));
    const answer = await surroundings.wire.query("sns", "CreateTopic", {
      Name: name,
      Attributes: properties.some("KmsMasterKeyId", "DisplayName"),
      Tags: tagsIn(properties),
    });
    const arn = elementOf(answer, "TopicArn");
    return { id: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
  remove: ({ id }, { wire }) => wire.query("sns", "DeleteTopic", { TopicArn: id }),
};

const topicPolicy = putKind({
  create: async (properties, { wire, logical }) => {
    const AttributeValue = properties.text("PolicyDocument");
    for (const TopicArn of (properties.take("Topics") ?? []) as string[])
      await wire.query("sns", "SetTopicAttributes", { TopicArn, AttributeName: "Policy", AttributeValue });
    return { id: logical };
  },
  // It goes with the topic.
  remove: () => Promise.resolve(),
});

const subscription: Kind = {
  create: async (properties, { wire }) => {
    const answer = await wire.query("sns", "Subscribe", {
      ...properties.some("TopicArn", "Protocol", "Endpoint"),
      ReturnSubscriptionArn: true,
    });
    return { id: elementOf(answer, "SubscriptionArn") };
  },
  remove: ({ id }, { wire }) => wire.query("sns", "Unsubscribe", { SubscriptionArn: id }),
};

export const messageKinds: Readonly<Record<string, Kind>> = {
  "AWS::SNS::Subscription": subscription,
  "AWS::SNS::Topic": topic,
  "AWS::SNS::TopicPolicy": topicPolicy,
  "AWS::SQS::Queue": queue,
  "AWS::SQS::QueuePolicy": queuePolicy,
};
