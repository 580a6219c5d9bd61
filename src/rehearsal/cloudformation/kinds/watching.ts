import type { Properties } from "../properties.js";
import type { Wire } from "../wire.js";
import { type Kind, putKind, type Surroundings, tagMap, tagsIn } from "./kind.js";

const alarm = (operation: string): Kind =>
  putKind({
    named: "AlarmName",
    create: async (properties, { wire, arn }) => {
      const id = properties.text("AlarmName");
      await wire.json("monitoring", operation, { AlarmName: id, ...properties.rest() });
      return { id, attributes: { Arn: arn("cloudwatch", `alarm:${id}`) } };
    },
    remove: ({ id }, { wire }) => wire.json("monitoring", "DeleteAlarms", { AlarmNames: [id] }),
  });

const dashboard = putKind({
  named: "DashboardName",
  create: async (properties, { wire }) => {
    const id = properties.text("DashboardName");
    await wire.json("monitoring", "PutDashboard", { DashboardName: id, ...properties.rest() });
    return { id };
  },
  remove: ({ id }, { wire }) => wire.json("monitoring", "DeleteDashboards", { DashboardNames: [id] }),
});

const rule = putKind({
  named: "Name",
  create: async (properties: Properties, { wire, arn }: Surroundings) => {
    const id = properties.text("Name");
    const targets = (properties.take("Targets") ?? []) as { readonly Id: string }[];
    const pattern = properties.take("EventPattern");
    await wire.json("events", "PutRule", {
      Name: id,
      ...(pattern !== undefined && { EventPattern: JSON.stringify(pattern) }),
      ...properties.rest(),
    });
    await wire.json("events", "PutTargets", { Rule: id, Targets: targets });
    return { id, attributes: { Arn: arn("events", `rule/${id}`) }, parts: targets.map(({ Id }) => Id) };
  },
  remove: async ({ id, parts = [] }, { wire }) => {
    await wire.json("events", "RemoveTargets", { Rule: id, Ids: parts });
    await wire.json("events", "DeleteRule", { Name: id });
  },
});

const logGroup: Kind = {
  named: "LogGroupName",
  create: async (properties, { wire, arn }) => {
    const logGroupName = properties.text("LogGroupName");
    const kmsKeyId = properties.take("KmsKeyId");
    const tags = tagMap(properties);
    await wire.json("logs", "CreateLogGroup", { logGroupName, ...(kmsKeyId !== undefined && { kmsKeyId }), tags });
    const retentionInDays = properties.take("RetentionInDays");
    await wire.json("logs", "PutRetentionPolicy", { logGroupName, retentionInDays });
    return { id: logGroupName, attributes: { Arn: arn("logs", `log-group:${logGroupName}:*`) } };
  },
  update: async (properties, { wire }, made) => {
    properties.some("LogGroupName", "KmsKeyId", "Tags");
    const retentionInDays = properties.take("RetentionInDays");
    await wire.json("logs", "PutRetentionPolicy", { logGroupName: made.id, retentionInDays });
    return made;
  },
  remove: ({ id }, { wire }) => wire.json("logs", "DeleteLogGroup", { logGroupName: id }),
};

const trail: Kind = {
  named: "TrailName",
  create: async (properties, { wire, arn }) => {
    const Name = properties.text("TrailName");
    await wire.json("cloudtrail", "CreateTrail", { Name, ...trailOf(properties), TagsList: tagsIn(properties) });
    await record(Name, properties, wire);
    return { id: Name, attributes: { Arn: arn("cloudtrail", `trail/${Name}`) } };
  },
  update: async (properties, { wire }, made) => {
    properties.some("TrailName", "Tags");
    await wire.json("cloudtrail", "UpdateTrail", { Name: made.id, ...trailOf(properties) });
    await record(made.id, properties, wire);
    return made;
  },
  remove: ({ id }, { wire }) => wire.json("cloudtrail", "DeleteTrail", { Name: id }),
};

const trailOf = (properties: Properties): object => ({
  ...properties.some("S3BucketName", "S3KeyPrefix", "EnableLogFileValidation"),
  ...properties.some("IncludeGlobalServiceEvents", "IsMultiRegionTrail"),
  KmsKeyId: properties.take("KMSKeyId"),
});

/** What a trail records, and whether it does. */
async function record(Name: string, properties: Properties, wire: Wire): Promise<void> {
  const EventSelectors = properties.take("EventSelectors");
  if (EventSelectors !== undefined)
    await wire.json("cloudtrail", "PutEventSelectors", { TrailName: Name, EventSelectors });
  await wire.json("cloudtrail", properties.take("IsLogging") === true ? "StartLogging" : "StopLogging", { Name });
}

export const watchingKinds: Readonly<Record<string, Kind>> = {
  "AWS::CloudTrail::Trail": trail,
  "AWS::CloudWatch::Alarm": alarm("PutMetricAlarm"),
  "AWS::CloudWatch::CompositeAlarm": alarm("PutCompositeAlarm"),
  "AWS::CloudWatch::Dashboard": dashboard,
  "AWS::Events::Rule": rule,
  "AWS::Logs::LogGroup": logGroup,
};
