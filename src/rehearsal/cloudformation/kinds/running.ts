import type { Properties } from "../properties.js";
import { type Kind, lowered, tagMap, tagsIn } from "./kind.js";

const lambdaFunction: Kind = {
  named: "FunctionName",
  create: async (properties, { wire }) => {
    const request = { Tags: tagMap(properties), ...properties.rest() };
    const { FunctionArn, FunctionName } = await wire.json("lambda", "CreateFunction", request);
    return { id: String(FunctionName), attributes: { Arn: String(FunctionArn) } };
  },
  update: async (properties, { wire }, made) => {
    properties.some("FunctionName", "Tags");
    const FunctionName = made.id;
    await wire.json("lambda", "UpdateFunctionCode", { FunctionName, ...properties.object("Code")?.rest() });
    await wire.json("lambda", "UpdateFunctionConfiguration", { FunctionName, ...properties.rest() });
    return made;
  },
  remove: ({ id }, { wire }) => wire.json("lambda", "DeleteFunction", { FunctionName: id }),
};

const permission: Kind = {
  create: async (properties, { wire, logical }) => {
    const FunctionName = properties.text("FunctionName");
    await wire.json("lambda", "AddPermission", { FunctionName, StatementId: logical, ...properties.rest() });
    return { id: logical, parts: [FunctionName] };
  },
  remove: ({ id, parts: [FunctionName] = [] }, { wire }) =>
    wire.json("lambda", "RemovePermission", { FunctionName, StatementId: id }),
};

const mapping: Kind = {
  create: async (properties, { wire }) => {
    const request = { Tags: tagMap(properties), ...properties.rest() };
    const { UUID } = await wire.json("lambda", "CreateEventSourceMapping", request);
    return { id: String(UUID), attributes: { Id: String(UUID) } };
  },
  update: async (properties, { wire }, made) => {
    properties.some("EventSourceArn", "Tags");
    await wire.json("lambda", "UpdateEventSourceMapping", { UUID: made.id, ...properties.rest() });
    return made;
  },
  remove: ({ id }, { wire }) => wire.json("lambda", "DeleteEventSourceMapping", { UUID: id }),
};

/** What an update of a state machine may change. */
function machineOf(properties: Properties): Record<string, unknown> {
  const substitutions = (properties.take("DefinitionSubstitutions") ?? {}) as Record<string, unknown>;
  const definition = properties
    .text("DefinitionString")
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => (name in substitutions ? String(substitutions[name]) : whole));
  const settings = properties.some("LoggingConfiguration", "TracingConfiguration");
  return { definition, roleArn: properties.text("RoleArn"), ...(lowered(settings) as object) };
}

const machine: Kind = {
  named: "StateMachineName",
  create: async (properties, { wire }) => {
    const name = properties.text("StateMachineName");
    const type = properties.text("StateMachineType", "STANDARD");
    const tags = lowered(tagsIn(properties));
    const request = { name, type, tags, ...machineOf(properties) };
    const { stateMachineArn } = await wire.json("states", "CreateStateMachine", request);
    const arn = String(stateMachineArn);
    return { id: arn, attributes: { Arn: arn, Name: name } };
  },
  update: async (properties, { wire }, made) => {
    properties.some("StateMachineName", "StateMachineType", "Tags");
    await wire.json("states", "UpdateStateMachine", { stateMachineArn: made.id, ...machineOf(properties) });
    return made;
  },
  remove: ({ id }, { wire }) => wire.json("states", "DeleteStateMachine", { stateMachineArn: id }),
};

const group: Kind = {
  named: "ModelPackageGroupName",
  create: async (properties, { wire, arn }) => {
    const id = properties.text("ModelPackageGroupName");
    await wire.json("sagemaker", "CreateModelPackageGroup", { ModelPackageGroupName: id, ...properties.rest() });
    const ModelPackageGroupArn = arn("sagemaker", `model-package-group/${id}`);
    return { id: ModelPackageGroupArn, attributes: { ModelPackageGroupArn }, parts: [id] };
  },
  remove: ({ parts: [ModelPackageGroupName] = [] }, { wire }) =>
    wire.json("sagemaker", "DeleteModelPackageGroup", { ModelPackageGroupName }),
};

const definitionOf = (properties: Properties): Record<string, unknown> => ({
  PipelineDefinition: properties.object("PipelineDefinition")?.text("PipelineDefinitionBody"),
  RoleArn: properties.text("RoleArn"),
});

const pipeline: Kind = {
  named: "PipelineName",
  create: async (properties, { wire, logical }) => {
    const PipelineName = properties.text("PipelineName");
    await wire.json("sagemaker", "CreatePipeline", {
      PipelineName,
      ClientRequestToken: `${logical}-${"0".repeat(32)}`,
      ...definitionOf(properties),
      ...properties.some("PipelineDescription", "PipelineDisplayName", "Tags"),
    });
    return { id: PipelineName };
  },
  update: async (properties, { wire }, { id }) => {
    properties.some("PipelineName", "Tags");
    await wire.json("sagemaker", "UpdatePipeline", { PipelineName: id, ...definitionOf(properties) });
    return { id };
  },
  remove: ({ id }, { wire }) =>
    wire.json("sagemaker", "DeletePipeline", { PipelineName: id, ClientRequestToken: `${id}-${"0".repeat(32)}` }),
};

const budget: Kind = {
  create: async (properties, { wire, account }) => {
    const given = properties.take("Budget") as { BudgetName: string; BudgetLimit: { Amount: number; Unit: string } };
    const Budget = { ...given, BudgetLimit: { ...given.BudgetLimit, Amount: String(given.BudgetLimit.Amount) } };
    await wire.json("budgets", "CreateBudget", { AccountId: account, Budget, ...properties.rest() });
    return { id: given.BudgetName };
  },
  remove: ({ id }, { wire, account }) => wire.json("budgets", "DeleteBudget", { AccountId: account, BudgetName: id }),
};

const repository: Kind = {
  named: "RepositoryName",
  create: async (properties, { wire, arn }) => {
    const repositoryName = properties.text("RepositoryName");
    const encryption = properties.object("EncryptionConfiguration");
    const lifecycle = properties.object("LifecyclePolicy")?.text("LifecyclePolicyText");
    await wire.json("ecr", "CreateRepository", {
      repositoryName,
      imageTagMutability: properties.text("ImageTagMutability", "MUTABLE"),
      imageScanningConfiguration: {
        scanOnPush: properties.object("ImageScanningConfiguration")?.take("ScanOnPush") === true,
      },
      ...(encryption && {
        encryptionConfiguration: {
          encryptionType: encryption.text("EncryptionType"),
          kmsKey: encryption.text("KmsKey"),
        },
      }),
      // ECR's tags are those of most services.
      tags: tagsIn(properties),
    });
    if (lifecycle !== undefined)
      await wire.json("ecr", "PutLifecyclePolicy", { repositoryName, lifecyclePolicyText: lifecycle });
    return { id: repositoryName, attributes: { Arn: arn("ecr", `repository/${repositoryName}`) } };
  },
  remove: ({ id }, { wire }) => wire.json("ecr", "DeleteRepository", { repositoryName: id }),
};

export const runningKinds: Readonly<Record<string, Kind>> = {
  "AWS::Budgets::Budget": budget,
  "AWS::ECR::Repository": repository,
  "AWS::Lambda::EventSourceMapping": mapping,
  "AWS::Lambda::Function": lambdaFunction,
  "AWS::Lambda::Permission": permission,
  "AWS::SageMaker::ModelPackageGroup": group,
  "AWS::SageMaker::Pipeline": pipeline,
  "AWS::StepFunctions::StateMachine": machine,
};
