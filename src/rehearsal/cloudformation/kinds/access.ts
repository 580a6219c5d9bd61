import type { Properties } from "../properties.js";
import { elementOf } from "../wire.js";
import { generated, type Kind, putKind, tagsIn } from "./kind.js";

interface InlinePolicy {
  readonly PolicyName: string;
  readonly PolicyDocument: unknown;
}
const inlineOf = (properties: Properties): InlinePolicy[] => (properties.take("Policies") ?? []) as InlinePolicy[];

const role: Kind = {
  named: "RoleName",
  create: async (properties, surroundings) => {
    const { wire } = surroundings;
    const RoleName = properties.text("RoleName", generated(surroundings));
    const answer = await wire.query("iam", "CreateRole", {
      RoleName,
      Path: properties.text("Path", "/"),
      AssumeRolePolicyDocument: properties.text("AssumeRolePolicyDocument"),
      Tags: tagsIn(properties),
    });
    const inline = inlineOf(properties);
    for (const { PolicyName, PolicyDocument } of inline)
      await wire.query("iam", "PutRolePolicy", {
        RoleName,
        PolicyName,
        PolicyDocument: JSON.stringify(PolicyDocument),
      });
    const attributes = { Arn: elementOf(answer, "Arn"), RoleId: elementOf(answer, "RoleId") };
    return { id: RoleName, attributes, parts: inline.map(({ PolicyName }) => PolicyName) };
  },
  update: async (properties, { wire }, made) => {
    const RoleName = made.id;
    properties.some("RoleName", "Path", "Tags");
    const PolicyDocument = properties.text("AssumeRolePolicyDocument");
    await wire.query("iam", "UpdateAssumeRolePolicy", { RoleName, PolicyDocument });
    const inline = inlineOf(properties);
    for (const each of inline)
      await wire.query("iam", "PutRolePolicy", {
        RoleName,
        PolicyName: each.PolicyName,
        PolicyDocument: JSON.stringify(each.PolicyDocument),
      });
    const names = inline.map(({ PolicyName }) => PolicyName);
    for (const PolicyName of made.parts ?? [])
      if (!names.includes(PolicyName)) await wire.query("iam", "DeleteRolePolicy", { RoleName, PolicyName });
    return { ...made, parts: names };
  },
  remove: async ({ id, parts = [] }, { wire }) => {
    for (const PolicyName of parts) await wire.query("iam", "DeleteRolePolicy", { RoleName: id, PolicyName });
    await wire.query("iam", "DeleteRole", { RoleName: id });
  },
};

const policy = putKind({
  named: "PolicyName",
  create: async (properties, { wire }) => {
    const PolicyName = properties.text("PolicyName");
    const PolicyDocument = properties.text("PolicyDocument");
    const roles = (properties.take("Roles") ?? []) as string[];
    for (const RoleName of roles) await wire.query("iam", "PutRolePolicy", { RoleName, PolicyName, PolicyDocument });
    return { id: PolicyName, parts: roles };
  },
  remove: async ({ id, parts = [] }, { wire }) => {
    for (const RoleName of parts) await wire.query("iam", "DeleteRolePolicy", { RoleName, PolicyName: id });
  },
});

const key: Kind = {
  create: async (properties, { wire }) => {
    const { KeyMetadata } = await wire.json("kms", "CreateKey", {
      Policy: properties.text("KeyPolicy"),
      Description: properties.text("Description"),
      Tags: tagsIn(properties).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
    });
    const { KeyId, Arn } = KeyMetadata as { readonly KeyId: string; readonly Arn: string };
    if (properties.take("EnableKeyRotation") === true) await wire.json("kms", "EnableKeyRotation", { KeyId });
    return { id: KeyId, attributes: { Arn, KeyId } };
  },
  update: async (properties, { wire }, made) => {
    properties.some("Tags", "EnableKeyRotation");
    const KeyId = made.id;
    await wire.json("kms", "PutKeyPolicy", { KeyId, PolicyName: "default", Policy: properties.text("KeyPolicy") });
    await wire.json("kms", "UpdateKeyDescription", { KeyId, Description: properties.text("Description") });
    return made;
  },
  remove: ({ id }, { wire }) => wire.json("kms", "ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 30 }),
};

const alias: Kind = {
  named: "AliasName",
  create: async (properties, { wire }) => {
    const AliasName = properties.text("AliasName");
    await wire.json("kms", "CreateAlias", { AliasName, TargetKeyId: properties.text("TargetKeyId") });
    return { id: AliasName };
  },
  remove: ({ id }, { wire }) => wire.json("kms", "DeleteAlias", { AliasName: id }),
};

const secret: Kind = {
  named: "Name",
  create: async (properties, { wire }) => {
    // Without a length of its own, CloudFormation makes one of 32 characters.
    const random = properties.object("GenerateSecretString");
    const { RandomPassword } = await wire.json("secretsmanager", "GetRandomPassword", random?.rest() ?? {});
    const { ARN } = await wire.json("secretsmanager", "CreateSecret", {
      Name: properties.text("Name"),
      SecretString: RandomPassword,
      ...properties.some("Description", "KmsKeyId", "Tags"),
    });
    return { id: String(ARN) };
  },
  remove: ({ id }, { wire }) =>
    wire.json("secretsmanager", "DeleteSecret", { SecretId: id, ForceDeleteWithoutRecovery: true }),
};

export const accessKinds: Readonly<Record<string, Kind>> = {
  "AWS::IAM::Policy": policy,
  "AWS::IAM::Role": role,
  "AWS::KMS::Alias": alias,
  "AWS::KMS::Key": key,
  "AWS::SecretsManager::Secret": secret,
};
